"""Links in messages: only with a key of one's own, and somewhere to lead to."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.alerting.domain.links import Action
from services.alerting.settings import DeliverySettings
from shared.codes import MessageKind

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY, BASE = "0123456789abcdef" * 2, "https://tocsin.example.org"


def settings(**values: Any) -> DeliverySettings:
    return DeliverySettings(_env_file=None, database_url="postgresql://", **values)


@pytest.mark.parametrize(
    "values", [{}, {"tocsin_public_url": BASE}, {"tocsin_secret_key": KEY}, {"slack_signing_secret": "s"}]
)
def test_without_a_key_or_an_address_there_are_no_links(values: dict[str, str]) -> None:
    assert settings(**values).signer is None


def test_with_both_there_are_links_with_slacks_secret_buttons() -> None:
    signer = settings(tocsin_secret_key=KEY, tocsin_public_url=BASE).signer
    assert signer is not None
    links = signer.links(UUID(int=1), MessageKind.ALERT, NOON)
    assert [name for name, _ in links.offered] == ["Acknowledge", "Useful", "False alarm"]
    assert not links.buttons
    assert KEY not in repr(signer)
    only_slack = settings(tocsin_secret_key=KEY, slack_signing_secret="s").signer
    assert only_slack is not None
    links = only_slack.links(UUID(int=1), MessageKind.ALERT, NOON)
    assert (links.buttons, links.offered, links.url(Action.UNSUBSCRIBE)) == (True, [], None)


def test_what_is_offered_fits_the_message() -> None:
    signer = settings(tocsin_secret_key=KEY, tocsin_public_url=BASE).signer
    assert signer is not None
    for kind in MessageKind:
        links = signer.links(UUID(int=1), kind, NOON)
        assert Action.UNSUBSCRIBE in links.tokens
        assert (Action.FALSE_ALARM in links.tokens) == (kind in ("alert", "update", "correction"))


@pytest.mark.parametrize("values", [{"tocsin_secret_key": "short"}, {"tocsin_public_url": "tocsin.example"}])
def test_what_cannot_be_used_is_refused_at_the_start(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)
