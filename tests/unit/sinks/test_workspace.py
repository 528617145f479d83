"""The Slack workspace keeps Slack's rules."""

from typing import Any

import pytest

from deploy.local.sinks.workspace import SlackError, Workspace

METADATA = {"event_type": "tocsin_alert", "event_payload": {"delivery_id": "d1"}}


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def texts(page: dict[str, Any]) -> list[str]:
    return [message["text"] for message in page["messages"]]


@pytest.fixture
def open_workspace() -> Workspace:
    return Workspace(interval=0)


def post(workspace: Workspace, text: str, **fields: object) -> str:
    return str(workspace.post({"channel": "C1", "text": text, **fields})["ts"])


def test_ts_rise_even_within_a_microsecond() -> None:
    workspace = Workspace(interval=0, clock=Time())
    stamps = [post(workspace, "x") for _ in range(5)]
    assert stamps == sorted(set(stamps))


def test_one_message_a_second_to_a_channel() -> None:
    time = Time()
    workspace = Workspace(clock=time)
    post(workspace, "first")
    with pytest.raises(SlackError) as refused:
        post(workspace, "too early")
    assert (refused.value.code, refused.value.retry_after) == ("ratelimited", 1)
    workspace.post({"channel": "C2", "text": "another channel"})
    time.now += 1
    post(workspace, "second")
    assert texts(workspace.history({"channel": "C1"})) == ["second", "first"]


def test_history_leaves_threads_out_and_replies_has_them(open_workspace: Workspace) -> None:
    root = post(open_workspace, "root")
    post(open_workspace, "answer 1", thread_ts=root)
    post(open_workspace, "other")
    post(open_workspace, "answer 2", thread_ts=root)
    assert texts(open_workspace.history({"channel": "C1"})) == ["other", "root"]
    assert texts(open_workspace.replies({"channel": "C1", "ts": root})) == ["root", "answer 1", "answer 2"]


@pytest.mark.parametrize("method", ["history", "replies"])
def test_pages_give_each_message_once(open_workspace: Workspace, method: str) -> None:
    root = post(open_workspace, "0")
    for number in range(1, 8):
        post(open_workspace, str(number), **({"thread_ts": root} if method == "replies" else {}))
    seen, cursor, pages = [], "", 0
    while cursor or not pages:
        page = getattr(open_workspace, method)({"channel": "C1", "ts": root, "limit": 3, "cursor": cursor})
        seen += texts(page)
        cursor, pages = page["response_metadata"]["next_cursor"], pages + 1
    assert sorted(seen) == [str(number) for number in range(8)]
    assert pages == 3


def test_oldest_bounds_history_but_not_a_threads_root() -> None:
    time = Time()
    workspace = Workspace(interval=0, clock=time)
    root = post(workspace, "root")
    time.now += 100
    post(workspace, "late", thread_ts=root)
    oldest = str(time.now - 50)
    assert texts(workspace.history({"channel": "C1", "oldest": oldest})) == []
    assert texts(workspace.replies({"channel": "C1", "ts": root, "oldest": oldest})) == ["root", "late"]


def test_metadata_is_given_only_when_asked_for(open_workspace: Workspace) -> None:
    post(open_workspace, "x", metadata=METADATA)
    assert "metadata" not in open_workspace.history({"channel": "C1"})["messages"][0]
    asked = open_workspace.history({"channel": "C1", "include_all_metadata": "true"})
    assert asked["messages"][0]["metadata"] == METADATA


def test_update_replaces_and_keeps_its_place(open_workspace: Workspace) -> None:
    ts = post(open_workspace, "before")
    post(open_workspace, "later")
    open_workspace.update({"channel": "C1", "ts": ts, "text": "after"})
    assert texts(open_workspace.history({"channel": "C1"})) == ["later", "after"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"channel": ""}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"blocks": ["no block"]}, "invalid_blocks"),
        ({"metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
def test_what_slack_refuses(open_workspace: Workspace, fields: dict[str, object], code: str) -> None:
    with pytest.raises(SlackError, match=code):
        open_workspace.post({"channel": "C1", "text": "x", **fields})
    assert texts(open_workspace.history({"channel": "C1"})) == []
