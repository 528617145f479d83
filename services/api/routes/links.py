"""Links in messages: to look at one changes nothing, for mail scanners follow links too; only its form acts.

No key: the token is signed, says one action on one message, and expires (services/alerting/domain/links.py).
"""

from collections.abc import Callable
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection, text
from starlette.concurrency import run_in_threadpool

from services.alerting.domain.links import Action, BadToken, ExpiredToken, Token, read_token
from services.api import forms, reactions
from services.api.reactions import Refusal
from shared.clock import wall

router = APIRouter(prefix="/a", tags=["links"])

Signed = Annotated[str, Path(max_length=100, pattern="^[A-Za-z0-9_=-]+$", description="from a message")]
LONGEST_NAME = 200
Answer = Callable[[Connection, Token], str]  # the body of a page

_CSP = {"Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'"}
_WORDS = {
    Action.ACKNOWLEDGE: ("Acknowledge", "I look after this; nobody else need be told for want of an answer.", "Name"),
    Action.USEFUL: ("Useful", "It was right to tell me this.", "Name"),
    Action.FALSE_ALARM: ("False alarm", "I should not have been told this.", "Name"),
    Action.UNSUBSCRIBE: ("Unsubscribe", "No more mail of this kind to my address.", "My address"),
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""
_FORM = """<p>{subject}</p>
<p>{meaning}</p>
<form method="post"><p><label>{asked} (optional) <input name="who" maxlength="200" autocomplete="on"></label></p>
<p><button type="submit">{label}</button></p></form>"""

_HTML: dict[int | str, dict[str, Any]] = {
    status: {"description": meaning, "content": {"text/html": {"schema": {"type": "string"}}}}
    for status, meaning in (
        (200, "a page for whoever followed the link"),
        (404, "a page: the link is not valid"),
        (409, "a page: it cannot be done, and why"),
        (410, "a page: the link has expired"),
    )
}


@router.get("/{token}", response_class=Response, responses=_HTML)
def show_link(request: Request, token: Signed) -> Response:
    """What the link would do, and a form that does it."""

    def form(connection: Connection, allowed: Token) -> str:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        label, meaning, asked = _WORDS[allowed.action]
        subject = escape(reactions.told(connection, allowed).subject)
        return _FORM.format(subject=subject, label=label, meaning=meaning, asked=asked)

    return _serve(request, token, form)


@router.post(
    "/{token}",
    response_class=Response,
    responses=_HTML,
    openapi_extra=forms.documented(required=False, who="a name, or the address to unsubscribe"),
)
async def act_on_link(request: Request, token: Signed) -> Response:
    """Do it; twice is as once. A mail program's one-click unsubscription (RFC 8058) is such a POST too."""
    who = forms.read(await request.body()).get("who", "")[:LONGEST_NAME]

    def act(connection: Connection, allowed: Token) -> str:
        return f"<p>{escape(reactions.react(connection, allowed, who))}</p>"

    return await run_in_threadpool(_serve, request, token, act)


def _serve(request: Request, token: str, answer: Answer) -> Response:
    key = request.app.state.options.link_key
    try:
        if not key:
            raise BadToken("this link is not valid: links are switched off here")
        allowed = read_token(key, token, wall())
        with request.app.state.engine.begin() as connection:
            return _page(200, _WORDS[allowed.action][0], answer(connection, allowed))
    except ExpiredToken as error:
        return _page(410, "Expired", f"<p>{escape(str(error))}; a newer message has newer links.</p>")
    except BadToken as error:
        return _page(404, "Not valid", f"<p>{escape(str(error))}.</p>")
    except Refusal as error:
        return _page(409, "Not done", f"<p>{escape(str(error))}.</p>")


def _page(status: int, title: str, body: str) -> Response:
    return Response(_PAGE.format(title=title, body=body), status, _CSP, media_type="text/html; charset=utf-8")
