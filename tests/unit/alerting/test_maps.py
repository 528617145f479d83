"""The map in mails: what stands where in the picture, whatever the place."""

import struct
import zlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.domain.countries import countries
from services.alerting.domain.maps.canvas import Canvas
from services.alerting.domain.maps.outlines import outlines
from services.alerting.domain.maps.picture import HEIGHT, LAND, MARK, OWN, SEA, WIDTH, picture
from shared.codes import WherePrecision
from shared.contracts import Place
from tests.builders import PESHAWAR

MOST_BYTES = 40_000


def pixels(png: bytes) -> list[bytes]:
    """The rows of a picture, a byte a pixel: its place in the palette."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + content)
        chunks[kind], at = content, at + 12 + length
    width, height, bits, colours, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, colours) == (8, 3)
    raw = zlib.decompress(chunks[b"IDAT"])
    rows = [raw[row * (width + 1) : (row + 1) * (width + 1)] for row in range(height)]
    assert all(row[0] == 0 and max(row) < len(chunks[b"PLTE"]) / 3 for row in rows)
    return [row[1:] for row in rows]


def drawn(place: Place) -> list[bytes]:
    found = picture(place)
    assert found is not None
    return pixels(found.png)


def where(country: str | None, lat: float, lon: float, precision: WherePrecision = WherePrecision.EXACT) -> Place:
    return Place(name="x", country=country, lat=lat, lon=lon, precision=precision)


def test_an_area_has_holes_and_edges_are_kept_to() -> None:
    canvas = Canvas(8, 6, 0)
    canvas.fill([[(-5, 1), (7, 1), (7, 5), (-5, 5)], [(2, 2), (5, 2), (5, 4), (2, 4)]], 1)
    canvas.line([(-10, -10), (20, 20)], 2, 2)
    rows = pixels(canvas.png(["#000000", "#ffffff", "#ff0000"]))
    assert [len(row) for row in rows] == [8] * 6
    assert (rows[0][7], rows[4][0], rows[2][4], rows[5][0]) == (0, 1, 0, 0)
    assert [rows[at][at] for at in (1, 2, 3)] == [2, 2, 2]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (where("PK", 34.0, 71.5), {MARK, OWN, LAND, SEA}),
        (where("PK", 28.5, 65.5, WherePrecision.PROVINCE), {MARK, OWN, LAND, SEA}),
        (where("PK", 30.0, 70.0, WherePrecision.COUNTRY), {OWN, LAND, SEA}),
        (where(None, 12.5, 47.8, WherePrecision.INTERNATIONAL), {MARK, LAND, SEA}),
        (where("FJ", -18.1, 178.4), {MARK, OWN, SEA}),
        (where("GF", 4.9, -52.3), {MARK, LAND, SEA}),  # has no outline of its own
    ],
)
def test_a_dot_or_ring_its_country_and_its_neighbours(place: Place, expected: set[int]) -> None:
    seen = Counter(b"".join(drawn(place)))
    assert {colour for colour in (MARK, OWN, LAND, SEA) if seen[colour] > 100} == expected


def test_the_whole_country_is_shown_where_it_fits() -> None:
    rows = drawn(where("PK", 30.0, 70.0))
    edges = rows[0] + rows[-1] + bytes(row[0] for row in rows) + bytes(row[-1] for row in rows)
    assert OWN not in edges
    assert rows[HEIGHT // 2][WIDTH // 2] in (OWN, MARK)


@pytest.mark.parametrize("lon", [179.9, -179.9])
def test_over_the_date_line_land_goes_on(lon: float) -> None:
    rows = drawn(where("RU", 67.0, lon))
    assert rows[HEIGHT // 2][WIDTH // 2] == MARK
    assert {rows[HEIGHT // 2][WIDTH // 2 + aside] for aside in (-60, 60)} == {OWN}


def test_what_is_land_is_drawn_as_land() -> None:
    for code, lat, lon in (("FR", 47.0, 2.5), ("ZA", -30.0, 24.0), ("LS", -29.5, 28.3), ("CL", -33.4, -70.6)):
        rows = drawn(where(code, lat, lon, WherePrecision.PROVINCE))
        assert Counter(b"".join(rows))[OWN] > 2000, code


@given(
    st.sampled_from([*sorted(countries()), None]),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.sampled_from(list(WherePrecision)),
    st.none() | st.floats(0, 20_000),
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_every_place_has_a_small_picture(country: Any, lat: float, lon: float, precision: Any, radius: Any) -> None:
    found = picture(where(country, lat, lon, precision).model_copy(update={"radius_km": radius}))
    assert found is not None
    assert len(found.png) < MOST_BYTES


def test_the_same_place_is_drawn_once() -> None:
    again = Place.model_validate(PESHAWAR.model_dump() | {"name": "Peshawar city"})
    assert picture(PESHAWAR) is picture(again)


@pytest.mark.parametrize("values", [{"lat": None}, {"lon": None}, {"lat": 123.0}, {"lon": float("nan")}])
def test_without_a_point_there_is_no_map(values: dict[str, Any]) -> None:
    assert picture(None) is None
    assert picture(PESHAWAR.model_copy(update=values)) is None


def test_nearly_every_country_has_land() -> None:
    assert set(countries()) - {one.country for one in outlines()} == {
        "BQ", "BV", "CC", "CX", "GF", "GI", "GP", "MQ", "RE", "SJ", "TK", "TV", "UM", "YT",
    }  # fmt: skip
