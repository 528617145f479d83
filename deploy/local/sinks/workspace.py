"""A Slack workspace in memory: channels, threads, metadata, limits. What slack.py serves, without HTTP.

Limits and errors: https://docs.slack.dev/apis/web-api/rate-limits and the pages of the methods.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

Fields = dict[str, Any]  # arguments of a method, as its page names them

TEXT_LIMIT, BLOCKS_LIMIT, HEADER_LIMIT, SECTION_LIMIT = 40_000, 50, 150, 3000
PAGE_LIMIT, PAGE_DEFAULT = 999, 100


class SlackError(Exception):
    """A method's error code; `retry_after` in seconds where it is a rate limit."""

    def __init__(self, code: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Workspace:
    """`interval`: seconds between two messages to one channel; 0 switches the limit off."""

    def __init__(self, interval: float = 1.0, clock: Callable[[], float] = time.time) -> None:
        self.channels: dict[str, list[Fields]] = {}
        self.locked: set[str] = set()  # messages, by ts, that can no longer be edited
        self._interval = interval
        self._clock = clock
        self._open_at: dict[str, float] = {}  # channel -> when it takes the next message
        self._last_ts = 0

    def post(self, fields: Fields) -> Fields:
        """chat.postMessage."""
        channel = _required(fields, "channel", "channel_not_found")
        _check_content(fields)
        thread = fields.get("thread_ts")
        if thread and not self._find(channel, thread):
            raise SlackError("thread_not_found")
        self.throttle(channel)
        message = {"type": "message", "user": "U0TOCSIN", "bot_id": "B0TOCSIN", "ts": self._next_ts()}
        message |= {name: fields[name] for name in ("text", "blocks", "metadata", "thread_ts") if fields.get(name)}
        self.channels.setdefault(channel, []).append(message)
        return message

    def update(self, fields: Fields) -> Fields:
        """chat.update: replaces text, blocks and metadata."""
        channel = _required(fields, "channel", "channel_not_found")
        message = self._find(channel, fields.get("ts"))
        if message is None:
            raise SlackError("message_not_found")
        if message["ts"] in self.locked:
            raise SlackError("cant_update_message")
        _check_content(fields)
        message |= {name: fields[name] for name in ("text", "blocks", "metadata") if name in fields}
        message["edited"] = {"user": "U0TOCSIN", "ts": self._next_ts()}
        return message

    def history(self, fields: Fields) -> Fields:
        """conversations.history: newest first, without what was said in threads."""
        messages = self.channels.get(_required(fields, "channel", "channel_not_found"), [])
        top = [message for message in reversed(messages) if message.get("thread_ts", message["ts"]) == message["ts"]]
        return _page(top, fields, lambda message, cursor: message["ts"] < cursor)

    def replies(self, fields: Fields) -> Fields:
        """conversations.replies: a message and its thread, oldest first."""
        channel = _required(fields, "channel", "channel_not_found")
        root = self._find(channel, fields.get("ts"))
        if root is None:
            raise SlackError("thread_not_found")
        thread = [message for message in self.channels[channel] if message.get("thread_ts") == root["ts"]]
        return _page([root, *thread], fields, lambda message, cursor: message["ts"] > cursor, always=root)

    def throttle(self, channel: str) -> None:
        """One message a second to a channel; raises `ratelimited` for what is too early."""
        now = self._clock()
        if now < self._open_at.get(channel, 0.0):
            raise SlackError("ratelimited", retry_after=1)
        self._open_at[channel] = now + self._interval

    def _find(self, channel: str, ts: str | None) -> Fields | None:
        return next((message for message in self.channels.get(channel, []) if message["ts"] == ts), None)

    def _next_ts(self) -> str:
        """Slack's id of a message: seconds with six decimals, rising."""
        self._last_ts = max(self._last_ts + 1, int(self._clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def _required(fields: Fields, name: str, error: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise SlackError(error)
    return value


def _check_content(fields: Fields) -> None:
    """What Slack refuses."""
    blocks = fields.get("blocks") or []
    if not fields.get("text") and not blocks:
        raise SlackError("no_text")
    if len(fields.get("text") or "") > TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if not isinstance(blocks, list) or len(blocks) > BLOCKS_LIMIT or not all(map(_sound, blocks)):
        raise SlackError("invalid_blocks")
    metadata = fields.get("metadata")
    if metadata is not None and not (isinstance(metadata, dict) and {"event_type", "event_payload"} <= metadata.keys()):
        raise SlackError("invalid_metadata_format")


def _sound(block: Any) -> bool:
    if not isinstance(block, dict) or not block.get("type"):
        return False
    if block["type"] == "rich_text" and not all(part.get("elements") for part in block.get("elements") or [{}]):
        return False
    limit = {"header": HEADER_LIMIT, "section": SECTION_LIMIT}.get(block["type"])
    text = (block.get("text") or {}).get("text", "")
    return limit is None or len(text) <= limit


def _page(
    messages: Iterable[Fields], fields: Fields, after: Callable[[Fields, str], bool], always: Fields | None = None
) -> Fields:
    """One page of `messages` with the cursor of the next; `oldest` and `latest` bound all but `always`."""
    limit = int(fields.get("limit") or PAGE_DEFAULT)
    if not 0 < limit <= PAGE_LIMIT:
        raise SlackError("invalid_limit")
    oldest, latest = float(fields.get("oldest") or 0), float(fields.get("latest") or "inf")
    found = [m for m in messages if m is always or oldest < float(m["ts"]) < latest]
    if cursor := fields.get("cursor"):
        found = [message for message in found if after(message, cursor)]
    page, more = found[:limit], len(found) > limit
    shown = page if _true(fields.get("include_all_metadata")) else [_without_metadata(message) for message in page]
    return {
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": page[-1]["ts"] if more else ""},
    }


def _without_metadata(message: Fields) -> Fields:
    return {name: value for name, value in message.items() if name != "metadata"}


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")
