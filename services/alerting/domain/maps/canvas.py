"""A picture of few colours: areas, lines and circles, written as PNG (https://www.w3.org/TR/png-3/).

Without smoothed edges: it is drawn twice as large as it is shown.
"""

import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil

from services.alerting.domain.maps.outlines import Point

Colour = int  # place in the palette


class Canvas:
    def __init__(self, width: int, height: int, background: Colour) -> None:
        self.width, self.height = width, height
        self._pixels = bytearray([background]) * (width * height)

    def fill(self, rings: Iterable[Sequence[Point]], colour: Colour) -> None:
        """The area within rings; what lies within two of them is a hole."""
        crossings = defaultdict[int, list[float]](list)
        for ring in rings:
            for one, other in pairwise([*ring, ring[0]] if ring else ()):
                (upper_x, upper_y), (lower_x, lower_y) = (one, other) if one[1] < other[1] else (other, one)
                first, last = max(0, ceil(upper_y - 0.5)), min(self.height, ceil(lower_y - 0.5))
                if first >= last:
                    continue
                slope = (lower_x - upper_x) / (lower_y - upper_y)
                start = upper_x + (0.5 - upper_y) * slope
                for y in range(first, last):
                    crossings[y].append(start + y * slope)
        for y, found in crossings.items():
            found.sort()
            for left, right in zip(found[::2], found[1::2], strict=False):
                self._row(y, left, right, colour)

    def line(self, points: Sequence[Point], colour: Colour, thick: int) -> None:
        """From point to point; squares of `thick` pixels."""
        ink = bytes([colour]) * thick
        for (from_x, from_y), (to_x, to_y) in pairwise(points):
            if not self._may_show(from_x, from_y, to_x, to_y):
                continue
            steps = max(1, ceil(max(abs(to_x - from_x), abs(to_y - from_y)) / max(1, thick - 1)))
            step_x, step_y = (to_x - from_x) / steps, (to_y - from_y) / steps
            for step in range(steps):
                self._dot(round(from_x + step * step_x) - thick // 2, round(from_y + step * step_y) - thick // 2, ink)

    def disc(self, x: float, y: float, radius: float, colour: Colour, hole: float = 0.0) -> None:
        """A disc, or with a hole a ring."""
        for row in range(max(0, ceil(y - radius - 0.5)), min(self.height, ceil(y + radius - 0.5))):
            up = row + 0.5 - y
            outer = max(0.0, radius**2 - up**2) ** 0.5
            inner = max(0.0, hole**2 - up**2) ** 0.5
            self._row(row, x - outer, x - inner, colour)
            self._row(row, x + inner, x + outer, colour)

    def box(self, left: float, top: float, width: float, height: float, colour: Colour) -> None:
        for row in range(max(0, ceil(top - 0.5)), min(self.height, ceil(top + height - 0.5))):
            self._row(row, left, left + width, colour)

    def png(self, palette: Sequence[str]) -> bytes:
        """`palette`: the colours, as `#b42318`."""
        rows = range(0, len(self._pixels), self.width)
        unfiltered = b"".join(b"\0" + self._pixels[start : start + self.width] for start in rows)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)  # 8 bits, by palette
        colours = bytes.fromhex("".join(palette).replace("#", ""))
        chunks = [(b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(unfiltered, 6)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)

    def _row(self, y: int, left: float, right: float, colour: Colour) -> None:
        first, last = max(0, ceil(left - 0.5)), min(self.width, ceil(right - 0.5))
        if first < last:
            start = y * self.width
            self._pixels[start + first : start + last] = bytes([colour]) * (last - first)

    def _dot(self, left: int, top: int, ink: bytes) -> None:
        """A square as wide as its ink; at the picture's edges none."""
        thick = len(ink)
        if 0 <= left <= self.width - thick and 0 <= top <= self.height - thick:
            start = top * self.width + left
            for at in range(start, start + thick * self.width, self.width):
                self._pixels[at : at + thick] = ink

    def _may_show(self, from_x: float, from_y: float, to_x: float, to_y: float) -> bool:
        beside = max(from_x, to_x) < 0 or min(from_x, to_x) > self.width
        return not (beside or max(from_y, to_y) < 0 or min(from_y, to_y) > self.height)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
