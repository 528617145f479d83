"""Settings of the parser."""

from pydantic import Field

from shared.settings import RuntimeSettings

PAGE_BYTES = 5_000_000
PARSE_SECONDS = 20.0


class ParserSettings(RuntimeSettings):
    parser_page_bytes: int = Field(PAGE_BYTES, gt=0, description="how large a page may be, in bytes")
    parser_seconds: float = Field(PARSE_SECONDS, gt=0, description="how long reading one page may take, in seconds")
