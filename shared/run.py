"""What every service's `__main__` does around its work: logs, health over HTTP, a clean end on SIGTERM.

A stage's `__main__` comes down to

    settings = load(RuntimeSettings)
    sys.exit(main_stateless(Stage("parser", ARTICLES_FETCHED, (ARTICLES_PARSED,), handle), settings))
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import structlog
from sqlalchemy import Engine

from shared import telemetry
from shared.brokers.kafka import KafkaBroker
from shared.ceiling import TooManyDead
from shared.database.session import check, make_engine
from shared.envelope import M
from shared.handler import Runtime, Stage
from shared.health import Check, Health, serve
from shared.outbox import OnPublished, Relay
from shared.settings import DatabaseSettings, RuntimeSettings
from shared.stateful import run_stateful
from shared.stateless import run_stateless

log = structlog.get_logger(__name__)

STOP_SECONDS = 13.0  # a process that was told to end and hangs ends anyway: what it had not committed comes again


@dataclass(frozen=True)
class Process:
    """`stop` is set by SIGTERM and SIGINT."""

    stop: threading.Event = field(default_factory=threading.Event)
    health: Health = field(default_factory=Health)


@contextmanager
def process(name: str, settings: RuntimeSettings, checks: Mapping[str, Check] | None = None) -> Iterator[Process]:
    """Logs, signals and health for as long as the work runs. `checks` are asked for readiness."""
    telemetry.configure_logs(settings.log_format, name)
    this = Process()
    with serve(this.health, settings.health_host, settings.health_port, checks) as port, _signals(this.stop):
        log.info("started", health=f"http://{settings.health_host}:{port}/health/ready")
        yield this
    log.info("stopped")


def main_stateless(stage: Stage[M], settings: RuntimeSettings) -> int:
    """Run a stateless stage to the end of the process; returns the exit status."""
    with process(stage.name, settings) as this:
        return _until_done(stage, partial(run_stateless, stage, _runtime(settings, this)))


def main_stateful(
    stage: Stage[M], settings: DatabaseSettings, on_published: OnPublished | None = None, engine: Engine | None = None
) -> int:
    """Run a stateful stage and its relay to the end of the process; returns the exit status."""
    engine = engine or make_engine(settings.database_url, stage.name)
    with process(stage.name, settings, {"database": partial(check, engine)}) as this:
        runtime = _runtime(settings, this)
        with relaying(Relay(engine, runtime.broker, stage.name, on_published)):
            return _until_done(stage, partial(run_stateful, stage, runtime, engine))


@contextmanager
def relaying(relay: Relay) -> Iterator[None]:
    relay.start()
    try:
        yield
    finally:
        relay.stop()


def _runtime(settings: RuntimeSettings, this: Process) -> Runtime:
    return Runtime(
        KafkaBroker(settings.kafka_bootstrap_servers, settings.topic_prefix),
        epoch=settings.consumer_epoch,
        batch_size=settings.batch_size,
        ceiling=settings.ceiling,
        stop=this.stop,
        health=this.health,
        until=settings.consume_until,
    )


def _until_done(stage: Stage[M], run: Callable[[], None]) -> int:
    try:
        run()
    except TooManyDead as error:
        log.error("too many dead letters", stage=stage.name, error=str(error))
        return 1
    return 0


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()
        timer = threading.Timer(STOP_SECONDS, _give_up)
        timer.daemon = True
        timer.start()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _give_up() -> None:
    sys.stderr.write(f"still busy {STOP_SECONDS:.0f} s after it was asked to stop: ends now, nothing is lost\n")
    os._exit(1)
