"""HTML forms as they are sent: application/x-www-form-urlencoded, a few fields, small."""

from typing import Any
from urllib.parse import parse_qsl

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 10


def read(body: bytes) -> dict[str, str]:
    """Name and value; a name that comes twice has its first value. Empty where the body is no form."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def documented(required: bool, **fields: str) -> dict[str, Any]:
    """For a route's `openapi_extra`: the fields with what they mean."""
    properties = {name: {"type": "string", "description": meaning} for name, meaning in fields.items()}
    schema = {"type": "object", "properties": properties} | ({"required": [*fields]} if required else {})
    return {"requestBody": {"required": required, "content": {MEDIA_TYPE: {"schema": schema}}}}
