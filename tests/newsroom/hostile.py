"""The hostile collection: feeds and pages as no newsroom should serve them, under /hostile/. For fault tests.

feed.xml           a sound feed whose entries are the pages below and, last, a sound page
garbage.xml        random bytes that call themselves RSS
entities.xml       a DOCTYPE whose entities grow to gigabytes ("billion laughs")
page/huge          50 MB of HTML
page/bomb          a megabyte of gzip that unpacks to a gigabyte
page/metadata      a redirect to the address of cloud metadata
page/loop          a redirect to itself
page/slow          a byte a second, for ever
page/charset       Cyrillic in windows-1251 that says it is UTF-8
page/truncated     less than its Content-Length promises
page/sound         an ordinary page, which must come through whatever the others do
"""

import asyncio
import gzip
import random
import zlib
from collections.abc import Iterator

from aiohttp import web

PAGES = ("huge", "bomb", "metadata", "loop", "slow", "charset", "truncated", "sound")
HUGE = 50_000_000
BOMB = 2**30
METADATA = "http://169.254.169.254/latest/meta-data/"
_PARAGRAPH = "<p>The committee met on Tuesday, as it does, and adjourned until the following Tuesday.</p>\n"
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><article><h1>{0}</h1>{1}</article></body></html>"


def routes() -> list[web.RouteDef]:
    return [
        web.get("/hostile/feed.xml", feed),
        web.get("/hostile/garbage.xml", garbage),
        web.get("/hostile/entities.xml", entities),
        web.get("/hostile/page/huge", huge),
        web.get("/hostile/page/bomb", bomb),
        web.get("/hostile/page/metadata", metadata),
        web.get("/hostile/page/loop", loop),
        web.get("/hostile/page/slow", slow),
        web.get("/hostile/page/charset", charset),
        web.get("/hostile/page/truncated", truncated),
        web.get("/hostile/page/sound", sound),
    ]


async def feed(request: web.Request) -> web.Response:
    items = "".join(
        f"<item><title>{name}</title><link>http://{request.host}/hostile/page/{name}</link><guid>{name}</guid></item>"
        for name in PAGES
    )
    return _rss(
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Hostile</title>{items}</channel></rss>'.encode()
    )


async def garbage(request: web.Request) -> web.Response:
    return _rss(random.Random(0).randbytes(20_000))


async def entities(request: web.Request) -> web.Response:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]><rss version="2.0"><channel>'
    return _rss(f"{document}<title>&l9;</title></channel></rss>".encode())


async def huge(request: web.Request) -> web.StreamResponse:
    chunk = _PARAGRAPH.encode() * 1000
    return await _stream(request, (chunk for _ in range(HUGE // len(chunk) + 1)), {})


async def bomb(request: web.Request) -> web.StreamResponse:
    return await _stream(request, bomb_chunks(), {"Content-Encoding": "gzip"})


def bomb_chunks() -> Iterator[bytes]:
    """A gzip stream of `BOMB` blanks. After a full flush a compressed block can be repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    yield gzip.compress(b"", mtime=0)[:10]
    for _ in range(BOMB // 2**20):
        yield block
    yield packer.flush()


async def metadata(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": METADATA})


async def loop(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/hostile/page/loop"})


async def slow(request: web.Request) -> web.StreamResponse:
    response = await _begin(request, {})
    while True:
        await response.write(b"<")
        await asyncio.sleep(1)


async def charset(request: web.Request) -> web.Response:
    text = "Комитет собрался во вторник и разошёлся до следующего вторника."
    body = _PAGE.format("Комитет", f"<p>{text}</p>" * 5).encode("cp1251")
    return web.Response(body=body, headers={"Content-Type": "text/html; charset=utf-8"})


async def truncated(request: web.Request) -> web.StreamResponse:
    response = await _begin(request, {"Content-Length": "100000"})
    await response.write(_PAGE.format("Truncated", _PARAGRAPH).encode())
    if request.transport is not None:
        request.transport.close()
    return response


async def sound(request: web.Request) -> web.Response:
    return web.Response(text=_PAGE.format("A sound page", _PARAGRAPH * 5), content_type="text/html")


def _rss(body: bytes) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": "application/rss+xml"})


async def _stream(request: web.Request, chunks: Iterator[bytes], headers: dict[str, str]) -> web.StreamResponse:
    response = await _begin(request, headers)
    for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


async def _begin(request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html; charset=utf-8", **headers})
    await response.prepare(request)
    return response
