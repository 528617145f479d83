"""What a channel is given to send."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.alerting.channels.outcome import Ref
from services.alerting.domain.alert import Alert
from services.alerting.domain.links import NO_LINKS, Links
from shared.codes import MessageKind


@dataclass(frozen=True)
class Message:
    """`ref`: what names it to the receiver, the same on every attempt (Message-ID, delivery id).

    `root`: what the channel called the first message of this thread, with its `delivery_id` and `kind`, and of an event
    that was merged into another whether that one goes on in this thread (`goes_on`); None: this is the first, or there
    is no thread.
    """

    delivery_id: UUID
    ref: str
    destination_id: str
    alert: Alert
    root: Ref | None
    created_at: datetime
    links: Links = NO_LINKS  # what its reader can do about it

    @property
    def breaks_news(self) -> bool:
        """Does it take back what was told? Then nobody must overlook it, deep in a thread."""
        return self.alert.kind in (MessageKind.CORRECTION, MessageKind.RETRACTION)

    @property
    def labels(self) -> dict[str, str]:
        """What it is about, for programs at the receiver: in Slack's metadata, e-mail headers."""
        alert = self.alert
        labels = {
            "delivery_id": str(self.delivery_id),
            "event_id": str(alert.event_id) if alert.event_id else None,
            "kind": str(alert.kind),
            "article_id": str(alert.article_id) if alert.article_id else None,
            "fetched_at": alert.fetched_at.isoformat() if alert.fetched_at else None,
            "published_at": alert.published_at.isoformat() if alert.published_at else None,
        }
        return {name: value for name, value in labels.items() if value is not None}
