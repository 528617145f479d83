"""What every write has in common: who it is, whether what they saw still stands, and that it is done only once.

If-Match (RFC 9110, 13.1.1): a change of what exists must name the ETag that its author saw; 428 without, 412 when it
has changed since. Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same key with the same request
answers as before and does nothing; with another request it is refused with 422. Both are in the transaction of the
write itself, which is committed before the answer leaves.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from services.api import store
from services.api.access import needs
from services.api.caller import Caller, Scope
from services.api.problems import responses

ERRORS = responses(400, 408, 409, 412, 413, 422, 428)  # for the `responses` of a route that writes

Tags = Annotated[str | None, Header(max_length=500, description='the `ETag` you saw, or `*`: `"1f2e3d4c5b6a7980"`')]
Key = Annotated[
    str | None,
    Header(pattern=r"^[!-~]{1,200}$", description="of your own making, kept a day: a repeat does nothing twice"),
]


@dataclass(frozen=True)
class Done:
    """What a write answers."""

    body: BaseModel | None = None
    status: int = 200
    etag: str | None = None
    location: str | None = None


@dataclass(frozen=True)
class Write:
    """One request to change something."""

    engine: Engine
    caller: Caller
    if_match: str | None
    key: str | None
    request_hash: bytes

    @property
    def actor(self) -> str:
        """As the audit log names the caller."""
        return str(self.caller)

    def run(self, act: Callable[[Connection], Done]) -> Response:
        """Do it in one transaction, at most once for each idempotency key. A refusal leaves nothing behind."""
        try:
            with self.engine.begin() as connection:
                kept = self._once(connection, act)
        except store.OtherRequest:
            raise HTTPException(422, "this Idempotency-Key was used for another request; make a new one") from None
        except IntegrityError as error:
            raise HTTPException(409, f"somebody else changed this at the same time: {error.orig}"[:300]) from None
        return Response(kept.body or None, kept.status, kept.headers, "application/json" if kept.body else None)

    def expect(self, current: str | None) -> None:
        """Refuse unless the caller saw what is there; `current`: its ETag, None where there is nothing yet."""
        if current is None:
            if self.if_match is not None:
                raise HTTPException(412, "there is nothing here yet; leave If-Match out to create it")
        elif self.if_match is None:
            raise HTTPException(428, "give the ETag that you saw as If-Match, so that nobody's change is lost")
        elif current not in (tags := [tag.strip() for tag in self.if_match.split(",")]) and "*" not in tags:
            raise HTTPException(412, f"this was changed meanwhile; read it again, its ETag is now {current}")

    def _once(self, connection: Connection, act: Callable[[Connection], Done]) -> store.Kept:
        if self.key is None:
            return _kept(act(connection))
        who = f"{self.caller.kind} {self.caller.id}"
        before = store.begin(connection, who, self.key, self.request_hash)
        if before is not None:
            return before
        answer = _kept(act(connection))
        store.keep(connection, who, self.key, answer)
        return answer


def writes(scope: Scope) -> Callable[..., Awaitable[Write]]:
    """A dependency: the write of a caller with this scope."""

    async def write(
        request: Request,
        caller: Annotated[Caller, Depends(needs(scope))],
        if_match: Tags = None,
        idempotency_key: Key = None,
    ) -> Write:
        parts = (request.method, request.url.path, request.url.query, (await request.body()).hex())
        digest = hashlib.sha256("\n".join(parts).encode()).digest()
        return Write(request.app.state.engine, caller, if_match, idempotency_key, digest)

    return write


Reviewing = Annotated[Write, Depends(writes("review"))]
Administering = Annotated[Write, Depends(writes("admin"))]


def etag(state: BaseModel) -> str:
    """A strong ETag of what a writer can change."""
    return f'"{hashlib.sha256(state.model_dump_json().encode()).hexdigest()[:16]}"'


def tagged(state: BaseModel, answer: BaseModel) -> Response:
    """An answer to a reader who may want to write."""
    return Response(answer.model_dump_json(), headers={"ETag": etag(state)}, media_type="application/json")


def _kept(done: Done) -> store.Kept:
    named = {"ETag": done.etag, "Location": done.location}
    headers = {name: value for name, value in named.items() if value is not None}
    return store.Kept(done.status, headers, done.body.model_dump_json() if done.body else "")
