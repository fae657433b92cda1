"""Signs calls of the API with an integration key, for httpx: pass it as `auth`.

Signature v5 as duo_client has it: HMAC-SHA512 over date, method, host, path, query, body and no X-Duo-* headers.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Generator
from email.utils import formatdate
from urllib.parse import parse_qsl, quote

import httpx

_NO_HEADERS = hashlib.sha512(b"").hexdigest()


class Signed(httpx.Auth):
    """Works with httpx.Client and httpx.AsyncClient alike; each request is signed when it leaves."""

    requires_request_body = True

    def __init__(self, ikey: str, skey: str) -> None:
        self._ikey = ikey
        self._skey = skey.encode()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Date"] = formatdate()
        canonical = "\n".join(
            (
                request.headers["Date"],
                request.method,
                request.url.host.lower(),
                request.url.raw_path.partition(b"?")[0].decode(),
                _canonical(request.url.query.decode()),
                hashlib.sha512(request.content).hexdigest(),
                _NO_HEADERS,
            )
        )
        signature = hmac.new(self._skey, canonical.encode(), hashlib.sha512).hexdigest()
        request.headers["Authorization"] = f"Basic {b64encode(f'{self._ikey}:{signature}'.encode()).decode()}"
        yield request


def _canonical(query: str) -> str:
    pairs = ((quote(name, safe="~"), quote(value, safe="~")) for name, value in parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
