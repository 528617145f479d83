"""Destinations as data: a channel and its configuration. Secrets are references, never values."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.alerting.domain.conditions import List
from services.alerting.domain.pacing import Pacing
from services.alerting.domain.rules import Slug


def _reference(value: str) -> str:
    if not is_reference(value):
        raise ValueError("is a secret: give env:NAME or file:/path, where it can be read, not the secret itself")
    return value


def is_reference(value: str) -> bool:
    """Does the value say where it stands (`env:NAME`, `file:/path`)?"""
    return value.startswith(("env:", "file:/")) and len(value) > 4 and "\n" not in value


Secret = Annotated[str, AfterValidator(_reference)]
Setting = Annotated[str, Field(min_length=1)]  # a value, or a reference to one


class Heartbeat(BaseModel):
    """What a destination wants to be told about Tocsin itself, when it begins and when it ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quiet_minutes: int | None = Field(None, ge=1, le=10_080, description="when nothing was processed for so long")
    dead_of: List[Slug] = Field((), description="when deliveries to these destinations die; it may name itself")


class Config(Pacing):
    """What every destination has, whatever its channel."""

    owner: str = Field("", description="whom to ask about this destination")
    heartbeat: Heartbeat | None = None


class SlackConfig(Config):
    """Slack Web API. The bot needs chat:write, and channels:history (groups:history) to be asked after a timeout."""

    token: Secret
    channel: Setting = Field(description="channel id, C0123456789")
    base_url: Setting = "https://slack.com/api/"


class SlackWebhookConfig(Config):
    url: Secret


class WebhookConfig(Config):
    url: Setting
    secret: Secret = Field(description="signs the body, see channels/webhook.py")


class EmailConfig(Config):
    host: Setting
    port: int | Setting = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: Setting | None = None
    password: Secret | None = None
    sender: Setting = Field(description="From, such as Tocsin <alerts@example.org>")
    to: List[Setting] = Field(min_length=1, max_length=50)
    map: bool = Field(True, description="a small map of the place in the mail")
    unsubscribe: Setting | None = Field(None, description="List-Unsubscribe: mailto: or https: (default: the sender)")

    @model_validator(mode="after")
    def _password_is_covered(self) -> "EmailConfig":
        if self.password is not None and self.tls == "none":
            raise ValueError("a password is sent in the clear without tls: set tls to starttls or tls")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self


class TeamsConfig(Config):
    """Microsoft Teams: a workflow "when a webhook request is received" that posts the card to a chat or channel."""

    url: Secret


class PagerDutyConfig(Config):
    """PagerDuty Events API v2: one incident for each event, resolved when the event is retracted."""

    routing_key: Secret = Field(description="integration key of the service")
    base_url: Setting = "https://events.pagerduty.com"
    api_token: Secret | None = Field(
        None, description="REST API key, read only: with it an acknowledgement in PagerDuty stops escalations"
    )
    api_url: Setting = "https://api.pagerduty.com"


class AppriseConfig(Config):
    """Any of the services that Apprise knows, by its URL: ntfys://..., tgram://..."""

    url: Secret


CONFIGS: dict[str, type[Config]] = {
    "slack": SlackConfig,
    "slack_webhook": SlackWebhookConfig,
    "email": EmailConfig,
    "webhook": WebhookConfig,
    "teams": TeamsConfig,
    "pagerduty": PagerDutyConfig,
    "apprise": AppriseConfig,
}


KEEP_INCIDENTS = ("pagerduty",)  # channels that are told when somebody acknowledges, wherever that was


class Entry(BaseModel):
    """A destination as it is written; `config` is for its channel's model to check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug
    channel: Literal["slack", "slack_webhook", "email", "webhook", "teams", "pagerduty", "apprise"]
    enabled: bool = True
    config: dict[str, Any]


@dataclass(frozen=True)
class Destination:
    id: str
    channel: str
    enabled: bool
    config: Config

    @property
    def lane(self) -> str:
        """What a rate limit applies to: several destinations may post to one Slack channel."""
        if isinstance(self.config, SlackConfig):
            return f"slack:{self.config.base_url}:{self.config.channel}"
        return self.id


def checked(entry: Entry) -> Destination:
    """The destination with its configuration checked; raises `pydantic.ValidationError` about `entry.config`."""
    return Destination(entry.id, entry.channel, entry.enabled, CONFIGS[entry.channel].model_validate(entry.config))
