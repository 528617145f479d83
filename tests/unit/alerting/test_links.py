"""Signed links: what can be forged, changed, or used too late (nothing), and Slack's signature."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.domain.links import Action, BadToken, ExpiredToken, from_slack, make_token, read_token, url

KEY = "0123456789abcdef" * 2
DELIVERY = UUID("7d0a2f6e-0000-4000-8000-000000000001")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=60)


@pytest.mark.parametrize("action", list(Action))
def test_a_token_says_what_it_was_made_for(action: Action) -> None:
    token = make_token(KEY, action, DELIVERY, LATER)
    found = read_token(KEY, token, NOW)
    assert (found.action, found.delivery, found.expires_at) == (action, DELIVERY, LATER)
    assert token == make_token(KEY, action, DELIVERY, LATER)
    assert len(token) == 72
    assert url("https://tocsin.example/", token) == f"https://tocsin.example/a/{token}"


def test_no_other_key_no_change_no_part() -> None:
    token = make_token(KEY, Action.USEFUL, DELIVERY, LATER)
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    for wrong in [*changed, token[:-1], token[:-4], token + "AAAA", "", "é", "=", "A" * 72, "A" * 10_000]:
        with pytest.raises(BadToken):
            read_token(KEY, wrong, NOW)
    with pytest.raises(BadToken):
        read_token(KEY[::-1], token, NOW)


@given(st.text(max_size=120))
def test_whatever_comes_is_refused_with_a_clear_error(text: str) -> None:
    with pytest.raises(BadToken, match="not valid"):
        read_token(KEY, text, NOW)


def test_it_expires() -> None:
    token = make_token(KEY, Action.ACKNOWLEDGE, DELIVERY, LATER)
    read_token(KEY, token, LATER - timedelta(seconds=1))
    with pytest.raises(ExpiredToken, match="2027-01-21"):
        read_token(KEY, token, LATER)


@pytest.mark.parametrize("key", ["", "short"])
def test_a_short_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="too short"):
        make_token(key, Action.USEFUL, DELIVERY, LATER)


def test_slack_signs_as_its_documentation_shows() -> None:
    """The example of https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    secret, timestamp = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    at = datetime.fromtimestamp(int(timestamp), UTC)
    assert from_slack(secret, timestamp, signature, body, at)
    assert not from_slack(secret, timestamp, signature, body + b"x", at)
    assert not from_slack(secret, timestamp, signature, body, at + timedelta(minutes=6))
    assert not from_slack(secret, "1531420619", signature, body, at)
    assert not from_slack("", timestamp, signature, body, at)
    assert not from_slack(secret, "²", signature, body, at)
    assert not from_slack(secret, timestamp, "é", body, at)
