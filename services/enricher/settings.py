"""Settings of the enricher."""

from pathlib import Path

from pydantic import Field

from services.enricher.model import KIND
from shared.settings import RuntimeSettings


class ExtractSettings(RuntimeSettings):
    tocsin_kind_model: Path = Field(
        KIND, description="weights of the kind classifier, as services.enricher.model.fit writes"
    )
