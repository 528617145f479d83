"""Settings come from the environment (and `.env`), are read once in `__main__`, and are never read at import time."""

import sys
from typing import TypeVar

from pydantic import AwareDatetime, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.ceiling import Ceiling
from shared.telemetry import LogFormat

S = TypeVar("S", bound=BaseSettings)


class RuntimeSettings(BaseSettings):
    """What every process of the pipeline needs. A service adds its own fields, each with a description and an example:
    a missing value is told to the user by them."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    kafka_bootstrap_servers: str = Field(description="where Kafka listens", examples=["127.0.0.1:9092"])
    topic_prefix: str = Field(
        "", description="what stands before the names of topics and groups", examples=["staging."]
    )
    health_host: str = Field(
        "127.0.0.1", description="on which address /health/live, /health/ready and /metrics answer"
    )
    health_port: int = Field(0, ge=0, le=65535, description="the port of HEALTH_HOST; 0: any free one, see the log")
    log_format: LogFormat = Field("json", description="how logs are written, json or console")
    batch_size: int = Field(
        100, ge=1, le=1000, description="how many messages are handled between two commits, at most"
    )
    consumer_epoch: int = Field(0, ge=0, description="which run this is, 0 for the live one")
    consume_until: AwareDatetime | None = Field(
        None, description="at which record time a re-run ends (shared.replay sets it)"
    )
    dead_letter_run: int = Field(50, ge=1, description="after how many dead letters in a row a stage stops")
    dead_letter_ratio: float = Field(
        0.5, gt=0, le=1, description="at which share of dead letters among 200 messages a stage stops"
    )

    @property
    def ceiling(self) -> Ceiling:
        return Ceiling(self.dead_letter_run, self.dead_letter_ratio)


class DatabaseUrl(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = Field(
        description="where PostgreSQL is", examples=["postgresql+psycopg://USER:PASSWORD@127.0.0.1:5432/tocsin"]
    )


class DatabaseSettings(DatabaseUrl, RuntimeSettings):
    """For processes that keep state."""


def load(settings: type[S]) -> S:
    """Read the settings; each one that is missing or wrong is one line on stderr, and the exit status is 2."""
    try:
        return settings()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = str(fault["loc"][0]) if fault["loc"] else ""
            sys.stderr.write(_line(settings, name, "missing" if fault["type"] == "missing" else fault["msg"]) + "\n")
        raise SystemExit(2) from None


def _line(settings: type[BaseSettings], name: str, fault: str) -> str:
    """`DATABASE_URL: missing; it says where PostgreSQL is, for example postgresql+psycopg://...`"""
    if not (field := settings.model_fields.get(name)):
        return f"settings: {fault}"
    example = f", for example {field.examples[0]}" if field.examples else ""
    return f"{name.upper()}: {fault}; it says {field.description}{example}"
