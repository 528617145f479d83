"""The batch mode: a feed's bytes in, its entries out."""

import base64
import binascii
from datetime import datetime
from typing import Any

from services.fetcher.domain.feeds import parse


def answer(record: dict[str, Any]) -> dict[str, Any]:
    """`{"id", "url", "content_type", "body"}` to `{"id", "entries"}`. Raises ValueError where there is no feed."""
    body, url = record.get("body"), record.get("url")
    if not isinstance(body, str):
        raise ValueError('needs "body": the feed\'s bytes in base64')
    try:
        feed = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"body is no base64: {error}") from None
    entries = parse(feed, url if isinstance(url, str) else None)
    return {
        "id": record["id"],
        "entries": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "published_at": _written(entry.published_at, entry.day_only),
                "summary": entry.summary,
            }
            for entry in entries
        ],
    }


def _written(moment: datetime | None, day_only: bool) -> str | None:
    if moment is None:
        return None
    return moment.date().isoformat() if day_only else moment.isoformat()
