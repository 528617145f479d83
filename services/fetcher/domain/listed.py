"""A feed as people list it: in a file, or through the API."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.fetcher.domain.urls import BadUrl, canonical


class ListedFeed(BaseModel):
    """One feed. Outlets of one `owner` corroborate nothing; `country` is the outlet's."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, examples=["https://news.example/rss.xml"])
    source: str = Field(min_length=1, max_length=200, examples=["The Caravel"])
    owner: str | None = Field(None, max_length=200)
    country: str | None = Field(None, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    language: str | None = Field(None, pattern="^[a-z]{2}$", description="ISO 639-1")

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            canonical(value)
        except BadUrl as error:
            raise ValueError(str(error)) from None
        return value.strip()
