"""Settings of the API; each is an environment variable of the same name in capitals."""

from pydantic import Field, SecretStr, model_validator

from services.alerting.domain.links import KEY_LENGTH
from shared.settings import DatabaseUrl
from shared.telemetry import LogFormat


class ApiSettings(DatabaseUrl):
    api_host: str = Field("127.0.0.1", description="on which address the API answers")
    api_port: int = Field(8000, ge=0, le=65535, description="on which port the API answers")
    health_host: str = Field(
        "127.0.0.1", description="on which address /health/live, /health/ready and /metrics answer"
    )
    health_port: int = Field(0, ge=0, le=65535, description="the port of HEALTH_HOST; 0: any free one, see the log")
    log_format: LogFormat = Field("json", description="how logs are written, json or console")
    api_requests_per_second: float = Field(50, gt=0, description="how many requests a key may make on average")
    api_burst: int = Field(200, ge=1, description="how many requests a key may make at once")
    api_pool_size: int = Field(10, ge=1, le=100, description="how many database connections it holds")
    api_listeners: int = Field(2000, ge=1, description="how many clients may wait for changes or listen at once")
    api_stream_seconds: float = Field(
        3600, gt=0, description="after how long a client that listens has to come again, with a key that is still valid"
    )
    api_cors_origins: str = Field(
        "",
        description="which web pages browsers let call the API, separated by commas; none: no other's",
        examples=["https://desk.example.org"],
    )
    oidc_issuer: str | None = Field(
        None, description="whose bearer tokens are taken besides API keys", examples=["https://login.example.org/realm"]
    )
    oidc_audience: str | None = Field(None, description="what `aud` of such a token must be", examples=["tocsin"])
    oidc_scope_claim: str = Field(
        "scope", description="where such a token has its scopes: tocsin:read, tocsin:review, tocsin:admin"
    )

    tocsin_secret_key: SecretStr | None = Field(
        None,
        min_length=KEY_LENGTH,
        description="the key that signs the links in messages, 32 characters at least; the same as alerting's",
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Slack app's signing secret: the buttons of messages in Slack are answered"
    )

    @model_validator(mode="after")
    def _issuer_has_audience(self) -> "ApiSettings":
        if self.oidc_issuer and not self.oidc_audience:
            raise ValueError("OIDC_ISSUER needs OIDC_AUDIENCE, or tokens meant for others would be taken")
        return self

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.api_cors_origins.split(",") if origin.strip()]

    @property
    def link_key(self) -> str:
        """Empty: there are no links."""
        return self.tocsin_secret_key.get_secret_value() if self.tocsin_secret_key else ""

    @property
    def slack_secret(self) -> str:
        """Empty: nothing is taken from Slack."""
        return self.slack_signing_secret.get_secret_value() if self.slack_signing_secret else ""
