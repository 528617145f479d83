"""A made-up world in a database of its own, and what of it a filter should find, told without the database."""

import math
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from fastapi.testclient import TestClient
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from services.api import keys
from services.api.access import RateLimit
from services.api.app import create_app
from shared.database.session import make_engine
from tests.benchmarks.population import populate
from tests.benchmarks.world import Attack, World

EVENTS, REPORTS = 400, 2


@dataclass(frozen=True)
class MadeUp:
    """The attacks in the order of their creation, and a client that may read."""

    attacks: list[Attack]
    client: TestClient
    engine: Engine

    def shown(self, holds: Callable[[dict[str, Any], Attack], Any] = lambda row, attack: True) -> list[str]:
        """Ids of the attacks that lists show and for which it holds, newest first."""
        return [
            str(attack.id)
            for attack in sorted(self.attacks, key=lambda attack: attack.id, reverse=True)
            if attack.row["alertable"]
            and attack.row["status"] in {"unconfirmed", "confirmed", "corrected"}
            and holds(attack.row, attack)
        ]


@contextmanager
def made_up_world(postgres_url: str, migrated_database: str) -> Iterator[MadeUp]:
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(migrated_database)))
        url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        populate(url, EVENTS, REPORTS)
        engine = make_engine(url)
        with engine.begin() as connection:
            key = keys.create(connection, "desk", "read")
        app = create_app(engine, RateLimit(per_second=10_000, burst=10_000))
        with TestClient(app, headers={"Authorization": f"Bearer {key}"}, raise_server_exceptions=False) as client:
            yield MadeUp(list(World(1).attacks(EVENTS, REPORTS, fingerprints=False, seed=1)), client, engine)
        engine.dispose()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def distance_km(row: dict[str, Any], lat: float, lon: float) -> float:
    """By the spherical law of cosines, another formula than the API's."""
    if row["lat"] is None:
        return math.inf
    a, b = math.radians(row["lat"]), math.radians(lat)
    turn = math.radians(row["lon"] - lon)
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return 6371.0088 * math.acos(max(-1.0, min(1.0, cosine)))


def day(row: dict[str, Any], name: str) -> date | None:
    return date.fromisoformat(row[name]) if row[name] else None
