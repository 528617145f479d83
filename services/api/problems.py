"""Errors as `application/problem+json` (RFC 9457): what went wrong and what to do about it."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from services.api.queries.pages import BadCursor

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 20


class Fault(BaseModel):
    where: list[str | int] = Field(examples=[["query", "limit"]])
    what: str = Field(examples=["Input should be less than or equal to 500"])


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no event has the id 0190..."])
    errors: list[Fault] | None = Field(None, description="which parts of the request are wrong, and how")


class Refused(HTTPException):
    """A refusal with more than one reason: each becomes one of the problem's `errors`."""

    def __init__(self, status: int, detail: str, faults: list[Fault]) -> None:
        super().__init__(status, detail)
        self.faults = faults


_EXAMPLES = {  # what `detail` may say
    400: "no payload of Slack's",
    401: "this API key is unknown, expired or revoked; ask whoever runs Tocsin for one",
    403: "this needs scope review; key 0a1b2c3d has read",
    404: "no event has the id 0190b6f0-0000-7000-8000-000000000007",
    408: "the body took longer than 10 s",
    409: "feed 7 has this address",
    410: "cursor 17 is not kept; what is goes from 4711 to 5000. Begin again: after=0, or without",
    412: 'this was changed meanwhile; read it again, its ETag is now "1f2e3d4c5b6a7980"',
    413: "the body is larger than 1048576 bytes",
    422: "the request is not valid; see errors",
    428: "give the ETag that you saw as If-Match, so that nobody's change is lost",
    429: "too many requests with this key",
    500: "this is our fault; the log has it under this path and time",
    503: "the database does not answer; try again",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these statuses answer with a problem."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _content(status)} for status in statuses}


def _content(status: int) -> dict[str, Any]:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=_EXAMPLES[status])
    schema = {"$ref": "#/components/schemas/Problem"}  # put there by document.py
    return {MEDIA_TYPE: {"schema": schema, "example": problem.model_dump(exclude_none=True)}}


def install(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        faults = error.faults if isinstance(error, Refused) else None
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (allowed := _allowed(app, request.url.path)):
            headers["Allow"] = ", ".join(sorted(allowed))
        return answer(error.status_code, str(error.detail), headers=headers, faults=faults)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [Fault(where=list(fault["loc"]), what=fault["msg"]) for fault in error.errors()[:MOST_FAULTS]]
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "the request is not valid; see errors", faults=faults)

    @app.exception_handler(BadCursor)
    def lost(request: Request, error: BadCursor) -> JSONResponse:
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeout)
    def database(request: Request, error: OperationalError | PoolTimeout) -> JSONResponse:
        log.error("database does not answer", path=request.url.path, error=str(getattr(error, "orig", error)))
        return answer(
            HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer; try again", headers={"Retry-After": "5"}
        )

    @app.exception_handler(DataError)
    def unstorable(request: Request, error: DataError) -> JSONResponse:
        """What JSON can say and PostgreSQL cannot: a NUL in a text, a zone 19 hours east."""
        what = str(error.orig).splitlines()[0][:200]
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"the database cannot hold a value of the request: {what}")

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", path=request.url.path, exc_info=error)
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "this is our fault; the log has it under this path and time")


def _allowed(app: FastAPI, path: str) -> set[str]:
    """Every method of a path: FastAPI has a route for each, and answers for the first one only."""
    there = (context for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute))
    return {method for each in there if each.path_regex.match(path) for method in each.methods or ()}


def answer(
    status: int, detail: str, *, headers: dict[str, str] | None = None, faults: list[Fault] | None = None
) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=faults)
    return JSONResponse(jsonable_encoder(problem, exclude_none=True), status, headers, media_type=MEDIA_TYPE)
