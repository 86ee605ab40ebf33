"""The platform's own HTTP API, as a function from request to response.

    GET /token?account=alice            a short-lived token (this is the demonstration's login)
    GET /accounts                       who there is
    GET /challenges/ID                  everything about one challenge, for its owner (Bearer)
    GET /healthz

It knows no server: `serve.py` puts it behind Python's own, the Flask example behind Flask.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from .desk import Desk
from .tokens import TOKEN_LIFE_SECONDS, mint, verify


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Answers requests. `allowed_origins` are the pages that may read the answers."""

    def __init__(
        self,
        desk: Desk,
        secret: bytes,
        allowed_origins: frozenset[str],
        health: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._secret = secret
        self._allowed_origins = allowed_origins
        self._health = health
        self._clock = clock

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        """`target` is path and query; header names are looked up as `Origin`, `Authorization`."""
        cors = self._cors_headers(headers.get("Origin", ""))
        if method == "OPTIONS":
            return Response(204, cors, b"")
        if method != "GET":
            return _json(405, {"error": "only GET is served"}, {**cors, "Allow": "GET, OPTIONS"})
        status, body = self._get(target, headers.get("Authorization", ""))
        return _json(status, body, cors)

    def _get(self, target: str, authorization: str) -> tuple[int, Any]:
        url = urlsplit(target)
        if url.path == "/healthz":
            return 200, {"status": "ok", **self._health()}
        if url.path == "/accounts":
            return 200, {"accounts": self._desk.accounts()}
        if url.path == "/token":
            return self._token(parse_qs(url.query).get("account", [""])[0])
        if url.path.startswith("/challenges/"):
            return self._challenge(url.path.removeprefix("/challenges/"), authorization)
        return 404, {"error": "no such resource"}

    def _token(self, name: str) -> tuple[int, Any]:
        account = self._desk.account(name)
        if account is None:
            return 404, {"error": "no such account"}
        token = mint(account.user_id, self._secret, int(self._clock()))
        return 200, {"token": token, "expires_in": TOKEN_LIFE_SECONDS}

    def _challenge(self, challenge_id: str, authorization: str) -> tuple[int, Any]:
        scheme, _, token = authorization.partition(" ")
        user_id = verify(token, self._secret, int(self._clock()))
        if scheme.lower() != "bearer" or user_id is None:
            return 401, {"error": "a valid bearer token is needed"}
        now = datetime.fromtimestamp(self._clock(), timezone.utc)
        snapshot = self._desk.snapshot(challenge_id, user_id, now)
        # The same answer for another's challenge as for none: ids are not confirmed to strangers.
        return (200, snapshot) if snapshot else (404, {"error": "no such challenge"})

    def _cors_headers(self, origin: str) -> dict[str, str]:
        headers = {"Vary": "Origin"}
        if origin in self._allowed_origins:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Allow-Headers"] = "Authorization"
            headers["Access-Control-Max-Age"] = "600"
        return headers


def _json(status: int, body: Any, headers: Mapping[str, str]) -> Response:
    fixed = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(status, {**fixed, **headers}, json.dumps(body).encode())
