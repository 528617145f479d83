"""Settings of the API; each is an environment variable of the same name in capitals."""

from pydantic import Field

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
