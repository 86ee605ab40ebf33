"""Short-lived JSON Web Tokens (RFC 7519), HS256, with the claims the platform uses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

TOKEN_LIFE_SECONDS = 300


def mint(user_id: str, secret: bytes, now_seconds: int) -> str:
    """A token for one user, good for five minutes: a page asks for a new one at each connect."""
    claims = {"user_id": user_id, "iat": now_seconds, "exp": now_seconds + TOKEN_LIFE_SECONDS}
    signed = f"{_encode(_HEADER)}.{_encode(claims)}"
    return f"{signed}.{_base64url(_signature(signed, secret))}"


def verify(token: str, secret: bytes, now_seconds: int) -> str | None:
    """The user id of a token that `mint` made and that is still good, or None."""
    signed, _, signature = token.rpartition(".")
    expected = _base64url(_signature(signed, secret))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    try:
        claims: dict[str, Any] = json.loads(_decode(signed.partition(".")[2]))
    except ValueError:
        return None
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= now_seconds:
        return None
    user_id = claims.get("user_id")
    return user_id if isinstance(user_id, str) else None


_HEADER = {"alg": "HS256", "typ": "JWT"}


def _signature(signed: str, secret: bytes) -> bytes:
    return hmac.new(secret, signed.encode("ascii", "replace"), hashlib.sha256).digest()


def _encode(value: Any) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
