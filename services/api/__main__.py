"""Serve the API, or manage its keys.

python -m services.api                                        serve on API_HOST:API_PORT
python -m services.api key create --name desk --scope read    print a new key, once
python -m services.api key list
python -m services.api key rotate PREFIX                      print a key in place of another, which ends in a day
python -m services.api key revoke PREFIX
python -m services.api openapi                                print the OpenAPI document
python -m services.api scopes                                 print which scope may do what
"""

import argparse
import json
import sys
from functools import partial

import structlog
from fastapi import FastAPI
from sqlalchemy import create_engine

from services.api import commands, document
from services.api.access import RateLimit
from services.api.app import Options, create_app
from services.api.caller import SCOPES
from services.api.oidc import Provider
from services.api.serve import Server
from services.api.settings import ApiSettings
from shared import telemetry
from shared.database.session import check, make_engine
from shared.health import Health, serve
from shared.settings import DatabaseUrl, load


def main() -> int:
    options = _parser().parse_args()
    if options.command == "openapi":
        print(json.dumps(_app_without_database().openapi(), indent=1, ensure_ascii=False))
        return 0
    if options.command == "scopes":
        print(document.table(_app_without_database()))
        return 0
    if options.command == "key":
        engine = make_engine(load(DatabaseUrl).database_url, "api key")
        try:
            status: int = options.act(engine, options)
        finally:
            engine.dispose()
        return status
    return _serve(load(ApiSettings))


def _serve(settings: ApiSettings) -> int:
    telemetry.configure_logs(settings.log_format, "api")
    engine = make_engine(settings.database_url, "api", settings.api_pool_size, ad_hoc=True)
    try:
        options = _options(settings)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    app = create_app(engine, RateLimit(settings.api_requests_per_second, settings.api_burst), options)
    health = Health()
    health.ready()
    with serve(health, settings.health_host, settings.health_port, {"database": partial(check, engine)}):
        structlog.get_logger(__name__).info(
            "started", url=f"http://{settings.api_host}:{settings.api_port}/openapi.json"
        )
        server = Server(app, settings.api_host, settings.api_port)
        server.run()
    return 0 if server.started else 1


def _options(settings: ApiSettings) -> Options:
    provider = None
    if settings.oidc_issuer and settings.oidc_audience:
        provider = Provider(settings.oidc_issuer, settings.oidc_audience, settings.oidc_scope_claim)
    return Options(
        provider=provider,
        origins=settings.origins,
        most_listeners=settings.api_listeners,
        stream_seconds=settings.api_stream_seconds,
        link_key=settings.link_key,
        slack_secret=settings.slack_secret,
    )


def _app_without_database() -> FastAPI:
    return create_app(create_engine("postgresql+psycopg://"), RateLimit(1, 1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.api", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="command", metavar="COMMAND")
    parts.add_parser("openapi", help="print the OpenAPI document")
    parts.add_parser("scopes", help="print which scope may do what")
    key = parts.add_parser("key", help="create, list, rotate and revoke API keys").add_subparsers(
        dest="act_name", required=True
    )
    create = key.add_parser("create", help="print a new key, once")
    create.add_argument("--name", required=True, help="whose key it is")
    create.add_argument("--scope", choices=SCOPES, default="read", help="each scope includes those before it")
    create.set_defaults(act=commands.create)
    key.add_parser("list", help="prefixes, scopes, last use").set_defaults(act=commands.show)
    rotate = key.add_parser("rotate", help="print a new key in place of another")
    rotate.add_argument("--overlap-hours", type=float, default=24, help="how long the old one goes on working")
    rotate.set_defaults(act=commands.rotate)
    revoke = key.add_parser("revoke", help="make a key useless")
    revoke.set_defaults(act=commands.revoke)
    for action in (rotate, revoke):
        action.add_argument("prefix", help="the eight characters after tocsin_")
    for action in (create, rotate):
        action.add_argument("--days", type=int, help="expires after this many days (default: never)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
