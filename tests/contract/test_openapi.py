"""The committed OpenAPI document is the one that the API gives out."""

import json
from pathlib import Path

from sqlalchemy import create_engine

from services.api.access import RateLimit
from services.api.app import create_app

COMMITTED = Path(__file__).parents[2] / "services" / "api" / "openapi.json"


def test_the_committed_document_is_current() -> None:
    app = create_app(create_engine("postgresql+psycopg://"), RateLimit(1, 1))
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == app.openapi(), "run `make schemas`, read the difference"


def test_every_reference_leads_somewhere() -> None:
    text = COMMITTED.read_text(encoding="utf-8")
    known = json.loads(text)["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named
    assert named <= known.keys()
