"""Serve the API, or manage its keys.

python -m services.api                                        serve on API_HOST:API_PORT
python -m services.api key create --name desk --scope read    print a new key, once
python -m services.api key list
python -m services.api key revoke PREFIX
python -m services.api openapi                                print the OpenAPI document
"""

import argparse
import json
import sys
from datetime import timedelta
from functools import partial

import structlog
import uvicorn
from sqlalchemy import Engine, create_engine

from services.api import keys, queries
from services.api.access import RateLimit
from services.api.app import create_app
from services.api.settings import ApiSettings
from shared import telemetry
from shared.clock import wall
from shared.database.session import check, make_engine
from shared.health import Health, serve
from shared.settings import DatabaseUrl, load

GRACE_SECONDS = 10
IDLE_SECONDS = 20


def main() -> int:
    options = _parser().parse_args()
    if options.command == "openapi":
        return _openapi()
    if options.command == "key":
        engine = make_engine(load(DatabaseUrl).database_url, "api key")
        status: int = options.act(engine, options)
        return status
    return _serve(load(ApiSettings))


def _serve(settings: ApiSettings) -> int:
    telemetry.configure_logs(settings.log_format, "api")
    engine = make_engine(settings.database_url, "api", settings.api_pool_size)
    app = create_app(engine, RateLimit(settings.api_requests_per_second, settings.api_burst))
    health = Health()
    health.ready()
    with serve(health, settings.health_host, settings.health_port, {"database": partial(check, engine)}):
        structlog.get_logger(__name__).info(
            "started", url=f"http://{settings.api_host}:{settings.api_port}/openapi.json"
        )
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                settings.api_host,
                settings.api_port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                limit_concurrency=500,
            )
        )
        server.run()
    return 0 if server.started else 1


def _openapi() -> int:
    app = create_app(create_engine("postgresql+psycopg://"), RateLimit(1, 1))
    json.dump(app.openapi(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def _create(engine: Engine, options: argparse.Namespace) -> int:
    expires_at = wall() + timedelta(days=options.days) if options.days else None
    with engine.begin() as connection:
        key = keys.create(connection, options.name, options.scope, expires_at)
    sys.stderr.write("This key is shown once; only its hash is kept.\n")
    print(key)
    return 0


def _list(engine: Engine, options: argparse.Namespace) -> int:
    with engine.connect() as connection:
        for row in queries.api_keys(connection):
            state = "revoked" if row["revoked_at"] else f"expires {row['expires_at'] or 'never'}"
            print(
                row["prefix"],
                row["name"],
                ",".join(row["scopes"]),
                state,
                f"used {row['last_used_at'] or 'never'}",
                sep="  ",
            )
    return 0


def _revoke(engine: Engine, options: argparse.Namespace) -> int:
    with engine.begin() as connection:
        if keys.revoke(connection, options.prefix, wall()):
            return 0
    sys.stderr.write(f"no valid key has the prefix {options.prefix}; see `python -m services.api key list`\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.api", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("openapi", help="print the OpenAPI document")
    key = commands.add_parser("key", help="create, list and revoke API keys").add_subparsers(
        dest="act_name", required=True
    )
    create = key.add_parser("create", help="print a new key, once")
    create.add_argument("--name", required=True, help="whose key it is")
    create.add_argument("--scope", choices=keys.SCOPES, default="read", help="each scope includes those before it")
    create.add_argument("--days", type=int, help="expires after this many days (default: never)")
    create.set_defaults(act=_create)
    key.add_parser("list", help="prefixes, scopes, last use").set_defaults(act=_list)
    revoke = key.add_parser("revoke", help="make a key useless")
    revoke.add_argument("prefix", help="the eight characters after tocsin_")
    revoke.set_defaults(act=_revoke)
    return parser


if __name__ == "__main__":
    sys.exit(main())
