"""The whole of Tocsin on one machine: parts, newsroom, sinks and services; for demo, replay and tests."""

import json
import os
import secrets
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST, accepts, free_port
from deploy.local.program import Program
from deploy.local.services import ROOT, answers, api_port, programs
from deploy.local.stack import Parts, parts
from deploy.local.supervisor import Supervisor, say

RULES = ROOT / "deploy" / "rules.yml"


@dataclass(frozen=True)
class Pipeline:
    """A running pipeline."""

    parts: Parts
    supervisor: Supervisor  # of newsroom, sinks and services, by the names of `services.SERVICES`
    environ: Mapping[str, str]  # the settings that the services got
    newsroom: str  # address of the site that is being read
    api: str  # address of the API
    received: Path  # what the sinks got, a JSON line for each message


@contextmanager
def pipeline(
    news: Path,
    *,
    speed: str = "all",
    sink_options: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    say: Callable[[str], None] = say,
) -> Iterator[Pipeline]:
    """Run everything over the articles of `news`, with the demo's rules; stop it at the end.

    `speed` is the newsroom's (`python -m tests.newsroom --help`), `sink_options` go to the sinks, `settings` to the
    services, on top of what they need.
    """
    api = api_port(environ)
    with parts(environ=environ, say=say, prepared=True) as running, _beside(running, say) as supervisor:
        received = running.folder / "received.jsonl"
        newsroom = free_port()
        sinks, addresses = _sinks(received, newsroom, sink_options)
        all_settings = {
            **running.environ,
            **addresses,
            "FETCH_ALLOWED_HOSTS": f"{HOST}:{newsroom}",
            "FETCH_INTERVAL_MIN": "1",
            "FETCH_INTERVAL_MAX": "1",
            "API_PORT": str(api),
            "MESSAGE_TIME": "published",
            "TOCSIN_SECRET_KEY": secrets.token_hex(32),
            "TOCSIN_PUBLIC_URL": f"http://{HOST}:{api}",
            **(settings or {}),
        }
        supervisor.launch(_newsroom(news, speed, newsroom), sinks, *programs(all_settings))
        supervisor.wait("newsroom")
        site = f"http://{HOST}:{newsroom}"
        _configure(running.database_url, site)
        supervisor.wait()
        yield Pipeline(running, supervisor, all_settings, site, f"http://{HOST}:{api}", received)


def _beside(running: Parts, say: Callable[[str], None]) -> Supervisor:
    folder = running.folder / "services"
    folder.mkdir()
    return Supervisor(folder, say=say)


def _newsroom(news: Path, speed: str, port: int) -> Program:
    argv = (sys.executable, "-m", "tests.newsroom", "--news", str(news), "--speed", speed, "--port", str(port))
    return Program("newsroom", argv, {"PYTHONPATH": str(ROOT)}, ready=lambda: answers(port, "/-/state"))


def _sinks(received: Path, newsroom: int, options: Sequence[str]) -> tuple[Program, dict[str, str]]:
    """Return how to run the sinks, and the settings that make alerting deliver to them."""
    slack, smtp, webhook = free_port(), free_port(), free_port()
    token, hook, secret = (secrets.token_urlsafe(24) for _ in range(3))
    argv = [sys.executable, "-m", "deploy.local.sinks", "--record", str(received)]
    argv += ["--slack-port", str(slack), "--smtp-port", str(smtp), "--webhook-port", str(webhook)]
    argv += ["--newsroom", f"http://{HOST}:{newsroom}", *options]
    env = {"DEMO_SLACK_TOKEN": token, "DEMO_SLACK_HOOK": hook, "DEMO_WEBHOOK_SECRET": secret, "PYTHONPATH": str(ROOT)}
    ready = lambda: all(accepts(port) for port in (slack, smtp, webhook))  # noqa: E731
    addresses = {
        "DEMO_SLACK_API_URL": f"http://{HOST}:{slack}/api/",
        "DEMO_SLACK_WEBHOOK_URL": f"http://{HOST}:{slack}/services/{hook}",
        "DEMO_WEBHOOK_URL": f"http://{HOST}:{webhook}/alerts",
        "DEMO_SMTP_HOST": HOST,
        "DEMO_SMTP_PORT": str(smtp),
        "DEMO_SLACK_TOKEN": token,
        "DEMO_WEBHOOK_SECRET": secret,
        "ALERT_ALLOWED_HOSTS": ",".join(f"{HOST}:{port}" for port in (slack, smtp, webhook)),
    }
    return Program("sinks", tuple(argv), env, ready, shown=True), addresses


def _configure(database_url: str, site: str) -> None:
    """Put the demo's rules in force and make the fetcher read the newsroom."""
    # Imported here, while the services load.
    from services.alerting.commands import import_rules
    from services.fetcher.store import import_feeds
    from shared.database.session import make_engine

    with urllib.request.urlopen(f"{site}/-/feeds", timeout=10) as answer:  # noqa: S310  our own, on loopback
        feeds = json.load(answer)
    engine = make_engine(database_url, "pipeline")
    import_rules(engine, RULES)
    with engine.begin() as connection:
        import_feeds(connection, feeds)
    engine.dispose()
