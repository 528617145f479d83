"""ETags of what is read (RFC 9110, 8.8.3), and the short answer to those who have it already."""

import hashlib
from typing import Any

from fastapi import Request, Response
from pydantic_core import to_json

_CACHING = "private, no-cache"  # keep it, but ask each time whether it still holds


def event_etag(revision: int) -> str:
    """The ETag of an event: of its newest revision, which is what a reviewer must have seen."""
    return f'"{revision}"'


def answer(request: Request, content: Any, etag: str | None = None) -> Response:
    """`content` as JSON under `etag` (none given: that of its bytes); 304 to those whose If-None-Match names it.

    The content is not validated again: it comes from models, or from columns that hold them.
    """
    return _answer(request, to_json(content, fallback=str), etag)


def answer_text(request: Request, text: str, etag: str | None = None) -> Response:
    """The same with JSON that is written already."""
    return _answer(request, text.encode(), etag)


def _answer(request: Request, body: bytes, etag: str | None) -> Response:
    etag = etag or f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Cache-Control": _CACHING}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
