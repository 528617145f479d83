"""Who may link what at a time: advisory locks on countries, held to the end of the transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

_SPACE = 0x70C51  # advisory locks of the linker
_ANYWHERE = int.from_bytes(b"*")
_ALONE = text("SELECT pg_advisory_xact_lock(:space, :anywhere)")
_BESIDE_OTHERS = text("SELECT pg_advisory_xact_lock_shared(:space, :anywhere)")
_COUNTRIES = text("SELECT pg_advisory_xact_lock(:space, number) FROM unnest(CAST(:numbers AS int[])) AS number")


def lock_countries(connection: Connection, countries: Iterable[str | None]) -> None:
    """Until the end of the transaction no other linker works on these countries; null (unknown) keeps all others out.

    Call it once in a transaction, with all that it will need: taken in sorted order, the shared one on "anywhere"
    first, linkers wait for one another but never deadlock.
    """
    wanted = set(countries)
    numbers = sorted(int.from_bytes(country.encode()[:3]) for country in wanted if country)
    if wanted:
        connection.execute(_ALONE if None in wanted else _BESIDE_OTHERS, {"space": _SPACE, "anywhere": _ANYWHERE})
    if None not in wanted and numbers:
        connection.execute(_COUNTRIES, {"space": _SPACE, "numbers": numbers})
