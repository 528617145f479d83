"""API keys: shown once, kept as a hash. `tocsin_PREFIX_SECRET`; the prefix finds the row."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.api.caller import Caller, Scope, up_to
from shared.database.tables import ApiKey

START = "tocsin_"
OVERLAP = timedelta(hours=24)  # how long a rotated key goes on working
USED_EVERY = timedelta(minutes=1)  # how exactly `last_used_at` is kept

_KEY = re.compile(START + r"([a-z0-9]{8})_([A-Za-z0-9_-]{43})")


class UnknownKey(Exception):
    """The key is malformed, unknown, expired or revoked; the message does not say which to the caller."""


def create(connection: Connection, name: str, scope: Scope, expires_at: datetime | None = None) -> str:
    """Store a new key and return it: the only time that it can be seen."""
    return _store(connection, name, sorted(up_to(scope)), expires_at)


def rotate(
    connection: Connection, prefix: str, now: datetime, overlap: timedelta = OVERLAP, expires_at: datetime | None = None
) -> str | None:
    """A new key with the name and scopes of the one with this prefix, which expires after `overlap`.

    None where no valid key has that prefix.
    """
    old = connection.execute(_valid(prefix, now).with_for_update()).one_or_none()
    if old is None:
        return None
    ends = func.least(func.coalesce(ApiKey.expires_at, now + overlap), now + overlap)
    connection.execute(update(ApiKey).where(ApiKey.prefix == prefix).values(expires_at=ends))
    return _store(connection, old.name, old.scopes, expires_at)


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
    row = connection.execute(_valid(match[1], now)).one_or_none()
    if row is None or not hmac.compare_digest(row.hash, digest(key)):
        raise UnknownKey
    if row.last_used_at is None or row.last_used_at < now - USED_EVERY:
        connection.execute(update(ApiKey).where(ApiKey.prefix == row.prefix).values(last_used_at=now))
    return Caller("key", row.prefix, row.name, frozenset(row.scopes))


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """Every key that ever was, without its hash, oldest first."""
    columns = [column for column in ApiKey.__table__.c if column.name != "hash"]
    return connection.execute(select(*columns).order_by(ApiKey.created_at, ApiKey.prefix)).all()


def _valid(prefix: str, now: datetime) -> Select[*tuple[Any, ...]]:
    lasting = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    return select(ApiKey.__table__).where(ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None), lasting)


def _store(connection: Connection, name: str, scopes: list[str], expires_at: datetime | None) -> str:
    prefix = secrets.token_hex(4)
    key = f"{START}{prefix}_{secrets.token_urlsafe(32)}"
    connection.execute(
        insert(ApiKey).values(prefix=prefix, hash=digest(key), name=name, scopes=scopes, expires_at=expires_at)
    )
    return key


def digest(key: str) -> bytes:
    """What is kept of a key: 256 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).digest()
