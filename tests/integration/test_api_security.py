"""Who may do what: every operation of the API, with keys of each scope and tokens of a provider; and its limits."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import Engine, create_engine, text
from starlette.types import Message, Receive, Scope, Send

from services.api import __main__, document, keys
from services.api.access import RateLimit
from services.api.app import Options, create_app
from services.api.caller import SCOPES, up_to
from services.api.middleware import LARGEST_BODY, REQUESTS, Every
from services.api.oidc import Provider, UnknownToken
from shared.clock import wall
from tests.api_client import api, link, new_key
from tests.builders import enriched, frame, toll
from tests.waiting import until

OPERATIONS = document.scopes(create_app(create_engine("postgresql+psycopg://"), RateLimit(1, 1)))
KEYED = {operation: scope for operation, scope in OPERATIONS.items() if scope is not None}
CHANGING = {operation: scope for operation, scope in KEYED.items() if operation[1] != "get"}
ENDLESS = {"/v1/stream"}
NOBODY = "00000000-0000-7000-8000-000000000007"


def address(path: str) -> str:
    """With something in place of every parameter."""
    values = {"feed_id": "1", "event_id": NOBODY, "article_id": NOBODY, "silence_id": NOBODY}
    for name in [part.split("}")[0] for part in path.split("{")[1:]]:
        path = path.replace(f"{{{name}}}", values.get(name, "blasts"))
    return path


def contents(engine: Engine) -> dict[str, Any]:
    """Every row of every table, but when a key was used."""
    with engine.begin() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        found = {}
        for name in names:
            row = "to_jsonb(t) - 'last_used_at'" if name == "api_keys" else "to_jsonb(t)"
            found[name] = connection.scalars(text(f"SELECT {row}::text FROM {name} t ORDER BY 1")).all()  # noqa: S608
    return found


def test_every_operation_is_known_with_its_scope() -> None:
    assert {"get", "put", "post", "delete"} <= {method for _, method in KEYED}
    assert set(KEYED.values()) == set(SCOPES)
    assert {path for (path, _), scope in OPERATIONS.items() if scope is None} == {
        "/health/live",
        "/health/ready",
        "/a/{token}",
        "/slack/actions",
    }
    assert all(scope != "read" for scope in CHANGING.values())


def test_whoever_lacks_the_scope_changes_nothing(engine: Engine) -> None:
    link(engine, enriched("caravel/1", frame(killed=toll(5))))
    with api(engine, None) as client:
        secrets = {scope: new_key(engine, scope) for scope in SCOPES}
        before = contents(engine)
        for (path, method), needed in KEYED.items():
            assert client.request(method, address(path)).status_code == 401
            for scope in SCOPES:
                if needed not in up_to(scope):
                    headers = {"X-API-Key": secrets[scope], "If-Match": "*", "Idempotency-Key": "x"}
                    answer = client.request(method, address(path), headers=headers, json={})
                    assert answer.status_code == 403, (path, method, scope)
                    assert f"needs scope {needed}" in answer.json()["detail"]
    assert contents(engine) == before


def test_what_scope_read_may_do_changes_nothing(engine: Engine) -> None:
    link(engine, enriched("caravel/1", frame(killed=toll(5))))
    with api(engine, "read") as client:
        before = contents(engine)
        tried = [(path, method) for (path, method), scope in KEYED.items() if scope == "read" and path not in ENDLESS]
        for path, method in tried:
            assert client.request(method, address(path)).status_code < 500, path
    assert len(tried) >= 10
    assert contents(engine) == before


def test_a_rotated_key_works_on_for_a_while_and_its_heir_has_its_scopes(engine: Engine) -> None:
    now = wall()
    with engine.begin() as connection:
        old = keys.create(connection, "desk", "review")
        new = keys.rotate(connection, old.split("_")[1], now, timedelta(hours=1))
        assert new is not None
        assert keys.recognise(connection, new, now).scopes == up_to("review")
        assert keys.recognise(connection, old, now).name == "desk"
        later = now + timedelta(hours=1, seconds=1)
        assert keys.recognise(connection, new, later).scopes == up_to("review")
        with pytest.raises(keys.UnknownKey):
            keys.recognise(connection, old, later)
        assert keys.rotate(connection, "00000000", now) is None
        assert {row.name for row in keys.listed(connection)} == {"desk"}
        assert all("hash" not in row._fields for row in keys.listed(connection))


def test_keys_are_managed_by_hand(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["api", "key", *arguments])
        return __main__.main(), capsys.readouterr().out.strip()

    status, key = run("create", "--name", "desk", "--scope", "review", "--days", "30")
    prefix = key.split("_")[1]
    assert status == 0
    _, listed = run("list")
    assert prefix in listed
    assert "read,review" in listed
    assert key.split("_", 2)[2] not in listed
    status, heir = run("rotate", prefix, "--overlap-hours", "1")
    assert (status, heir != key) == (0, True)
    with api(engine, None) as client:
        works = [client.get("/v1/rules", headers={"X-API-Key": each}).status_code for each in (key, heir)]
        assert works == [200, 200]
        assert run("revoke", prefix)[0] == 0
        until(lambda: client.get("/v1/rules", headers={"X-API-Key": key}).status_code == 401, "a second", seconds=5)
        assert client.get("/v1/rules", headers={"X-API-Key": heir}).status_code == 200
    assert run("revoke", prefix)[0] == 1
    assert run("rotate", prefix)[0] == 1


def test_requests_are_counted_by_key(engine: Engine) -> None:
    with engine.begin() as connection:
        key = keys.create(connection, "desk", "read")
    prefix = key.split("_")[1]
    with api(engine, None) as client:
        for _ in range(3):
            client.get("/v1/rules", headers={"X-API-Key": key})
        client.get("/v1/audit", headers={"X-API-Key": key})
    counted = {
        (sample.labels["operation"], sample.labels["status"]): sample.value
        for metric in REQUESTS.collect()
        for sample in metric.samples
        if sample.labels["caller"] == prefix and sample.name.endswith("_total")
    }
    assert counted == {("list_rules", "200"): 3, ("list_audit", "403"): 1}


def test_no_secret_is_logged(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    key = new_key(engine, "read")
    with api(engine, None) as client:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE rules RENAME TO gone"))
        assert client.get("/v1/rules", headers={"X-API-Key": key}).status_code == 500
        assert client.get("/v1/rules", headers={"Authorization": f"Bearer {key[:-1]}"}).status_code == 401
    logged = "".join(capfd.readouterr())
    assert "request failed" in logged
    assert key.split("_")[2][:20] not in logged


# --- tokens of a provider ---------------------------------------------------------------------------------------------


class Issuer:
    """A provider: its document and its keys over HTTP; `asked` counts how often its keys were read."""

    def __init__(self) -> None:
        self.keys = {"one": RSAKey.generate_key(2048, {"kid": "one"})}
        self.asked = 0
        self.url = ""

    def token(self, kid: str = "one", **claims: Any) -> str:
        now = int(wall().timestamp())
        whole = {"iss": self.url, "aud": "tocsin", "sub": "ann", "exp": now + 60, "iat": now, "scope": "tocsin:read"}
        return jwt.encode({"alg": "RS256", "kid": kid}, whole | claims, self.keys[kid], algorithms=["RS256"])

    def answer(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.asked += 1
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(issuer) as issuer.url:
        yield issuer


@contextmanager
def serving(issuer: Issuer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(issuer.answer(self.path)).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_token_of_the_provider_opens_what_its_scopes_say(engine: Engine, issuer: Issuer) -> None:
    with api(engine, None, Options(provider=Provider(issuer.url, "tocsin"))) as client:

        def status(path: str, token: str) -> int:
            return client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code

        assert status("/v1/rules", issuer.token()) == 200
        assert status("/v1/audit", issuer.token()) == 403
        assert status("/v1/audit", issuer.token(scope="openid tocsin:admin")) == 200
        assert status("/v1/audit", issuer.token(scope=["tocsin:admin"])) == 200
        assert status("/v1/rules", issuer.token(scope="openid")) == 403
        assert status("/v1/rules", new_key(engine, "read")) == 200
        assert issuer.asked == 1
    with api(engine, None) as client:
        assert client.get("/v1/rules", headers={"Authorization": f"Bearer {issuer.token()}"}).status_code == 401


def test_a_forged_expired_or_foreign_token_is_refused(issuer: Issuer) -> None:
    provider, now = Provider(issuer.url, "tocsin"), wall()
    past = int(now.timestamp()) - 3600
    other = RSAKey.generate_key(2048, {"kid": "one"})
    claims = {"iss": issuer.url, "aud": "tocsin", "sub": "ann", "exp": past + 7200}
    forged = jwt.encode({"alg": "RS256", "kid": "one"}, claims, other, algorithms=["RS256"])
    curve = jwt.encode({"alg": "ES256", "kid": "one"}, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])
    head, body, _ = issuer.token().split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{body}."
    bad = [
        forged,
        curve,
        unsigned,
        f"{head}.{body}.",
        issuer.token(exp=past),
        issuer.token(nbf=past + 7200),
        issuer.token(aud="others"),
        issuer.token(iss="http://127.0.0.1:1"),
        issuer.token(exp=None),
        issuer.token(sub=""),
        "x" * 9000,
        "",
    ]
    for token in bad:
        with pytest.raises(UnknownToken):
            provider.recognise(token, now)
    assert provider.recognise(issuer.token(), now).id == "ann"
    assert issuer.asked <= 2, "bad tokens must not make us ask the provider each time"


def test_new_keys_of_the_provider_are_read_when_they_are_needed_and_not_too_often(issuer: Issuer) -> None:
    time = [0.0]
    provider = Provider(issuer.url, "tocsin", now=lambda: time[0])
    provider.recognise(issuer.token(), wall())
    issuer.keys = {"two": RSAKey.generate_key(2048, {"kid": "two"})}
    with pytest.raises(UnknownToken):
        provider.recognise(issuer.token("two"), wall())
    time[0] = 61
    assert provider.recognise(issuer.token("two"), wall()).id == "ann"
    assert issuer.asked == 2


def test_an_issuer_that_is_away_is_no_reason_to_refuse_for_good(engine: Engine) -> None:
    with api(engine, None, Options(provider=Provider("http://127.0.0.1:9", "tocsin"))) as client:
        answer = client.get("/v1/rules", headers={"Authorization": "Bearer eyJ.eyJ.x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_an_issuer_must_be_https() -> None:
    with pytest.raises(ValueError, match="https"):
        Provider("http://login.example.org", "tocsin")


# --- limits -----------------------------------------------------------------------------------------------------------


def test_every_answer_says_how_a_browser_must_treat_it(engine: Engine) -> None:
    with api(engine) as client:
        for path in ("/v1/rules", "/v1/nothing", "/health/live", "/v1/events/x"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "cache-control" in headers


def test_a_method_that_a_path_lacks_is_told_which_it_has(engine: Engine) -> None:
    with api(engine) as client:
        answer = client.patch("/v1/silences/x")
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PUT")
        assert client.delete("/v1/changes").headers["allow"] == "GET"
        assert client.delete("/openapi.json").status_code == 405


@pytest.mark.parametrize("query", ["since=0", "until=1e9", "updated_since=0.5", "updated_since=2023-01-01T00:00:00"])
def test_a_time_is_written_out(engine: Engine, query: str) -> None:
    with api(engine) as client:
        assert client.get(f"/v1/events?{query}").status_code == 422
        assert client.get("/v1/events?since=2023-01-01&updated_since=2023-01-01T00:00:00Z").status_code == 200


def test_browsers_may_call_us_from_named_pages_only(engine: Engine) -> None:
    asked = {"Origin": "https://desk.example.org", "Access-Control-Request-Method": "GET"}
    with api(engine) as client:
        assert "access-control-allow-origin" not in client.options("/v1/rules", headers=asked).headers
        assert "access-control-allow-origin" not in client.get("/v1/rules", headers=asked).headers
    with api(engine, options=Options(origins=["https://desk.example.org"])) as client:
        assert client.options("/v1/rules", headers=asked).headers["access-control-allow-origin"] == asked["Origin"]
        other = client.get("/v1/rules", headers={"Origin": "https://evil.example.org"})
        assert "access-control-allow-origin" not in other.headers


def test_a_body_that_is_too_large_is_refused(engine: Engine) -> None:
    with api(engine, "admin") as client:
        answer = client.post(
            "/v1/feeds", content=b"x" * (LARGEST_BODY + 1), headers={"Content-Type": "application/json"}
        )
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_a_body_that_takes_too_long_is_refused() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> Message:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(Every(app, body_seconds=0.1)(scope, receive, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_caller_who_asks_too_often_waits_and_the_others_do_not() -> None:
    time = [0.0]
    limit = RateLimit(per_second=2, burst=3, now=lambda: time[0])
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limit.wait("b") == 0
    time[0] = 0.5
    assert [limit.wait("a"), limit.wait("a")] == [0, 0.5]
    time[0] = 1000
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_openapi_needs_no_key_and_names_every_scope(engine: Engine) -> None:
    with TestClient(create_app(engine, RateLimit(1, 1))) as client:
        paths = client.get("/openapi.json").json()["paths"]
    for (path, method), scope in OPERATIONS.items():
        assert paths[path][method]["x-scope"] == scope
        if scope:
            assert {"401", "403", "429"} <= paths[path][method]["responses"].keys()
