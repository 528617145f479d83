"""What alerting's processes need to know, from the environment."""

from pydantic import Field, SecretStr

from services.alerting.domain.attempts import Patience
from services.alerting.domain.links import KEY_LENGTH, Signer
from shared.settings import DatabaseSettings, DatabaseUrl


class DeliverySettings(DatabaseUrl):
    """What it takes to deliver: for the worker, and for tests and resends by hand."""

    alert_allowed_hosts: str = Field(
        "",
        description="which host:port pairs may be private, separated by commas",
        examples=["127.0.0.1:8025,hooks.internal:443"],
    )
    alert_lease_seconds: float = Field(60, ge=1, description="after how long a delivery is taken from a silent worker")
    alert_answer_seconds: float = Field(15, gt=0, le=60, description="how long a receiver may take to answer")
    alert_max_attempts: int = Field(20, ge=1, description="after how many attempts a delivery is given up")
    alert_first_retry_seconds: float = Field(2, gt=0, description="how long to wait before the second attempt")
    alert_slack_per_second: float = Field(
        1, ge=0, description="how many messages a second one Slack channel gets; 0: as many as come (a sink's own)"
    )

    tocsin_secret_key: SecretStr | None = Field(
        None,
        min_length=KEY_LENGTH,
        description="the key that signs links, 32 characters at least (openssl rand -hex 32)",
    )
    tocsin_public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/]",
        description="where readers reach the API",
        examples=["https://tocsin.example.org"],
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Slack app's signing secret: messages in Slack then have buttons, which the API answers"
    )

    @property
    def signer(self) -> Signer | None:
        """None: messages carry no links to acknowledge or judge them."""
        if self.tocsin_secret_key is None or not (self.tocsin_public_url or self.slack_signing_secret):
            return None
        key = self.tocsin_secret_key.get_secret_value()
        return Signer(key, self.tocsin_public_url, buttons=self.slack_signing_secret is not None)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        return frozenset(filter(None, (pair.strip() for pair in self.alert_allowed_hosts.split(","))))

    @property
    def patience(self) -> Patience:
        return Patience(first=self.alert_first_retry_seconds, attempts=self.alert_max_attempts)


class CelerySettings(DatabaseUrl):
    celery_broker_url: str = Field(description="where Valkey or Redis is", examples=["redis://127.0.0.1:6379/0"])


class AlertingSettings(CelerySettings, DatabaseSettings):
    """For the stage that decides."""


class WorkerSettings(DeliverySettings, AlertingSettings):
    """For the worker that delivers."""

    alert_worker_threads: int = Field(16, ge=1, le=200, description="how many deliveries one worker sends at once")
    alert_worker_rate: float | None = Field(
        None,
        gt=0,
        description="how many deliveries a second one worker sends where many wait, urgent alerts aside; "
        "none: as many as it can",
    )
    alert_worker_nice: int = Field(
        0,
        ge=0,
        le=19,
        description="how much the worker gives way to other processes where there are few cores; where these never "
        "rest, a high number keeps alerts waiting",
    )
    alert_sweep_seconds: float = Field(5, gt=0, description="how often due deliveries are looked for in the database")
