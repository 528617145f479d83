"""The table of scopes in the API's README is the one that its routes enforce."""

from pathlib import Path

from sqlalchemy import create_engine

from services.api.access import RateLimit
from services.api.app import create_app
from services.api.document import table

README = Path(__file__).parents[2] / "services" / "api" / "README.md"


def test_the_table_of_scopes_is_current() -> None:
    expected = table(create_app(create_engine("postgresql+psycopg://"), RateLimit(1, 1)))
    _, _, after = README.read_text(encoding="utf-8").partition("<!-- scopes:")
    written = after.partition("-->")[2].partition("<!-- end of scopes -->")[0].strip()
    assert written == expected, (
        "put what `python -m services.api scopes` prints between the marks of services/api/README.md"
    )
