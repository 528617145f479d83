"""Who may link what at a time: advisory locks on countries, held to the end of the transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

_LOCK_SPACE = 0x70C51  # advisory locks of the linker
_ANYWHERE = "*"


def lock_countries(connection: Connection, countries: Iterable[str | None]) -> None:
    """Until the end of the transaction no other linker works on these countries; null (unknown) keeps all others out.

    Taken in sorted order, the shared one on "anywhere" first, so that linkers wait but never deadlock.
    """
    wanted = set(countries)
    if None in wanted:
        _lock(connection, "pg_advisory_xact_lock", _ANYWHERE)
        return
    _lock(connection, "pg_advisory_xact_lock_shared", _ANYWHERE)
    for country in sorted(country for country in wanted if country):
        _lock(connection, "pg_advisory_xact_lock", country)


def _lock(connection: Connection, function: str, name: str) -> None:
    number = int.from_bytes(name.encode()[:3])
    connection.execute(select(getattr(func, function)(_LOCK_SPACE, number)))
