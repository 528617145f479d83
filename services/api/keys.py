"""API keys: shown once, kept as a hash. `tocsin_PREFIX_SECRET`; the prefix finds the row."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database.tables import ApiKey

Scope = Literal["read", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)  # each includes those before it
USED_EVERY = timedelta(minutes=1)  # how exactly `last_used_at` is kept

_KEY = re.compile(r"tocsin_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Caller:
    prefix: str
    name: str
    scopes: frozenset[str]


class UnknownKey(Exception):
    """The key is malformed, unknown, expired or revoked; the message does not say which to the caller."""


def create(connection: Connection, name: str, scope: Scope, expires_at: datetime | None = None) -> str:
    """Store a new key and return it: the only time that it can be seen. 256 random bits need no slow hash."""
    prefix = secrets.token_hex(4)
    key = f"tocsin_{prefix}_{secrets.token_urlsafe(32)}"
    scopes = list(SCOPES[: SCOPES.index(scope) + 1])
    connection.execute(
        insert(ApiKey).values(prefix=prefix, hash=_hash(key), name=name, scopes=scopes, expires_at=expires_at)
    )
    return key


def revoke(connection: Connection, prefix: str, now: datetime) -> bool:
    """False where no key has that prefix, or it was revoked before."""
    found = connection.execute(
        update(ApiKey)
        .where(ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.prefix)
    )
    return found.first() is not None


def recognise(connection: Connection, key: str, now: datetime) -> Caller:
    """Who calls; raises `UnknownKey`."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise UnknownKey
    row = connection.execute(select(ApiKey).where(ApiKey.prefix == match[1])).mappings().first()
    if row is None or not hmac.compare_digest(row["hash"], _hash(key)):
        raise UnknownKey
    if row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now):
        raise UnknownKey
    connection.execute(
        update(ApiKey)
        .where(ApiKey.prefix == match[1])
        .where(or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - USED_EVERY))
        .values(last_used_at=now)
    )
    return Caller(row["prefix"], row["name"], frozenset(row["scopes"]))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
