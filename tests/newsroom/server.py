"""Serves a site on loopback: feeds with ETag and 304, pages, and a little control under /-/.

GET  /                     the outlets
GET  /OUTLET/              front page
GET  /OUTLET/rss.xml       or atom.xml or feed.json: each outlet has one of them
GET  /OUTLET/STORY.html    page
GET  /-/feeds              the feed list, JSON
GET  /-/state              {"stories", "released", "read"}
GET  /-/out/ARTICLE_ID     when the story with this article id came out, wall time
POST /-/release[?count=N]  publish the next N stories, or all
GET  /hostile/...          with --hostile only: see hostile.py
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime, parsedate_to_datetime
from uuid import UUID

from aiohttp import web

from tests.newsroom import hostile
from tests.newsroom.feeds import format_of
from tests.newsroom.pace import Pace, at_once
from tests.newsroom.site import Outlet, Page, Site

HOST = "127.0.0.1"
TURN_SECONDS = 1.0
SITE = web.AppKey("site", Site)
_PACE = web.AppKey("pace", asyncio.Future[None])
_GIVEN = web.AppKey("given", asyncio.Condition)  # a page was given out


def application(site: Site, pace: Pace = at_once, with_hostile: bool = False) -> web.Application:
    app = web.Application()
    app[SITE], app[_GIVEN] = site, asyncio.Condition()
    app.add_routes(
        [
            web.get("/", outlets),
            web.get("/robots.txt", robots),
            web.get("/-/feeds", feed_list),
            web.get("/-/state", state),
            web.get("/-/out/{article_id}", out_at),
            web.post("/-/release", release),
        ]
    )
    if with_hostile:
        app.add_routes(hostile.routes())
    app.add_routes([web.get("/{outlet}/", front), web.get("/{outlet}/{file}", document)])

    async def publish(_: web.Application) -> None:
        app[_PACE] = asyncio.ensure_future(pace(site))

    async def stop(_: web.Application) -> None:
        app[_PACE].cancel()

    app.on_startup.append(publish)
    app.on_cleanup.append(stop)
    return app


async def start(app: web.Application, port: int = 0) -> tuple[web.AppRunner, str]:
    """Listen on loopback; returns what to clean up and the site's address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    listener = web.TCPSite(runner, HOST, port)
    await listener.start()
    return runner, f"http://{HOST}:{runner.addresses[0][1]}"


@contextmanager
def running(app: web.Application, port: int = 0) -> Iterator[str]:
    """Serve `app` from a thread of its own, for tests; yields its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="newsroom")
    thread.start()
    try:
        runner, base = asyncio.run_coroutine_threadsafe(start(app, port), loop).result(10)
        yield base
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def outlets(request: web.Request) -> web.Response:
    links = "".join(
        f'<li><a href="/{outlet.name}/">{outlet.name}</a></li>' for outlet in _site(request).outlets.values()
    )
    return _html(f"<!DOCTYPE html><title>Newsroom</title><ul>{links}</ul>".encode())


async def robots(request: web.Request) -> web.Response:
    return web.Response(text="User-agent: *\nDisallow: /-/\n")


async def feed_list(request: web.Request) -> web.Response:
    return web.json_response(_site(request).feed_list(_base(request)))


async def state(request: web.Request) -> web.Response:
    return web.json_response(_site(request).state())


async def out_at(request: web.Request) -> web.Response:
    try:
        time = _site(request).out_at(UUID(request.match_info["article_id"]), _base(request))
    except ValueError:
        time = None
    if time is None:
        raise web.HTTPNotFound(text="no such article, or not out yet")
    return web.Response(text=time.isoformat())


async def release(request: web.Request) -> web.Response:
    count = request.query.get("count")
    if count is not None and not count.isdecimal():
        raise web.HTTPBadRequest(text="count is a number of stories")
    _site(request).release(int(count) if count else None)
    return await state(request)


async def front(request: web.Request) -> web.Response:
    return _html(_site(request).front(_outlet(request)))


async def document(request: web.Request) -> web.Response:
    outlet = _outlet(request)
    if request.match_info["file"] == format_of(outlet.source).file_name:
        return _feed(request, outlet)
    page = _site(request).pages.get(request.path)
    if page is None:
        raise web.HTTPNotFound(text="no such story, or not out yet")
    return _html(await _in_turn(request, page))


async def _in_turn(request: web.Request, page: Page) -> bytes:
    """The page, after those before it; but it does not wait for long, for nobody may ever ask for them."""
    site, given = _site(request), request.app[_GIVEN]
    async with given:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(given.wait_for(lambda: site.turn >= page.turn), TURN_SECONDS)
        body = site.give(page, _base(request))
        given.notify_all()
    return body


def _feed(request: web.Request, outlet: Outlet) -> web.Response:
    body, etag = _site(request).feed(outlet, _base(request))
    headers = {"ETag": etag, "Last-Modified": format_datetime(outlet.changed_at, usegmt=True)}
    if _unchanged(request, outlet, etag):
        return web.Response(status=304, headers=headers)
    response = web.Response(body=body, headers={**headers, "Content-Type": format_of(outlet.source).content_type})
    response.enable_compression()
    return response


def _unchanged(request: web.Request, outlet: Outlet, etag: str) -> bool:
    """RFC 9110, 13.1: If-None-Match decides; If-Modified-Since only where it is absent."""
    if "If-None-Match" in request.headers:
        return etag in (tag.strip().removeprefix("W/") for tag in request.headers["If-None-Match"].split(","))
    since = request.headers.get("If-Modified-Since")
    try:
        return since is not None and outlet.changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except ValueError:
        return False


def _html(body: bytes) -> web.Response:
    response = web.Response(body=body, content_type="text/html", charset="utf-8")
    response.enable_compression()
    return response


def _site(request: web.Request) -> Site:
    return request.app[SITE]


def _outlet(request: web.Request) -> Outlet:
    outlet = _site(request).outlets.get(request.match_info["outlet"])
    if outlet is None:
        raise web.HTTPNotFound(text="no such outlet")
    return outlet


def _base(request: web.Request) -> str:
    return f"http://{request.host}"
