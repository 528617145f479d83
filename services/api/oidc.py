"""Bearer tokens of an OpenID Connect provider, where one is configured: who calls, by its signature.

Access tokens are JWTs (RFC 9068). The provider's keys are read by discovery (OpenID Connect Discovery 1.0, section 4),
kept an hour, and read again, at most once a minute, when a token names a key that is not among them.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from services.api.caller import SCOPES, Caller, up_to

KEEP_SECONDS, AGAIN_SECONDS = 3600.0, 60.0
LEEWAY_SECONDS = 60  # by which clocks may differ
LONGEST_TOKEN, LONGEST_ANSWER = 8_192, 2**20  # characters, bytes
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
PREFIX = "tocsin:"  # of the scopes in a token: tocsin:read, tocsin:review, tocsin:admin
_LOCAL = {"127.0.0.1", "::1", "localhost"}

Fetch = Callable[[str], Any]


class UnknownToken(Exception):
    """Not a valid token of the provider for us; the message says why, for its holder."""


class ProviderAway(Exception):
    """The provider's keys could not be read, and none were read before."""


class Provider:
    """One issuer whose tokens are taken, if they are meant for `audience`. Safe to share between threads."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        claim: str = "scope",
        fetch: Fetch | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`claim`: where scopes stand in a token, as a list or separated by spaces."""
        _secure(issuer)
        self._issuer, self._audience, self._claim = issuer, audience, claim
        self._fetch, self._now = fetch or _fetch, now
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = float("-inf")

    def recognise(self, token: str, at: datetime) -> Caller:
        """Who calls; raises `UnknownToken`, `ProviderAway`."""
        if len(token) > LONGEST_TOKEN:
            raise UnknownToken("the token is too long")
        try:
            claims = self._verified(token)
            jwt.JWTClaimsRegistry(
                now=int(at.timestamp()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._audience},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise UnknownToken(f"the token is not valid: {error}") from None
        return Caller("oidc", str(claims["sub"])[:200], str(claims["sub"])[:200], self._scopes(claims))

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._current(), algorithms=SIGNATURES).claims
        except (InvalidKeyIdError, BadSignatureError):  # the provider may have changed its keys
            if not self._refresh(AGAIN_SECONDS):
                raise
            return jwt.decode(token, self._current(), algorithms=SIGNATURES).claims

    def _scopes(self, claims: dict[str, Any]) -> frozenset[str]:
        stated = claims.get(self._claim)
        words = stated.split() if isinstance(stated, str) else stated if isinstance(stated, list) else []
        return frozenset().union(*(up_to(scope) for scope in SCOPES if PREFIX + scope in words))

    def _current(self) -> KeySet:
        if self._now() - self._read_at > KEEP_SECONDS:
            self._refresh(AGAIN_SECONDS if self._keys else 1.0)
        if self._keys is None:
            raise ProviderAway
        return self._keys

    def _refresh(self, after: float) -> bool:
        """Read the keys anew, unless that was tried within `after` seconds; True when there may be others now."""
        with self._lock:
            if self._now() - self._tried_at < after:
                return False
            self._tried_at = self._now()
            try:
                about = self._fetch(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                if about["issuer"] != self._issuer:
                    raise ValueError("the issuer calls itself by another name")
                _secure(about["jwks_uri"])
                self._keys = KeySet.import_key_set(self._fetch(about["jwks_uri"]))
            except (OSError, urllib3.exceptions.HTTPError, JoseError, ValueError, KeyError, TypeError):
                return False
            self._read_at = self._now()
            return True


def _fetch(url: str) -> Any:
    with urllib3.PoolManager(retries=False, timeout=5.0) as pool:
        answer = pool.request("GET", url, redirect=False, preload_content=False)
        body = answer.read(LONGEST_ANSWER + 1)
        answer.release_conn()
    if answer.status != 200 or len(body) > LONGEST_ANSWER:
        raise ValueError(f"{url}: status {answer.status}, {len(body)} bytes")
    return json.loads(body)


def _secure(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise ValueError(f"{url}: must be https (http only on this machine itself)")
