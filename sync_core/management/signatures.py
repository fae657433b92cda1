r"""Signature v5 of the Duo Admin API, checked: pure, and the same for every caller (admin-api.md §1).

Authorization is `Basic base64(ikey ":" hex)`, hex being HMAC-SHA512 under the secret, over these lines joined by "\n": date, method, host,
path, parameters of the query, SHA-512 of the raw body, SHA-512 of the X-Duo-* headers.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import product
from urllib.parse import quote, unquote_to_bytes

from sync_core.management.access import INVALID_DATE, MISSING_CREDENTIALS, STALE_DATE, Unauthenticated

DATE_HEADER = "x-duo-date"
_BASIC = re.compile(r"basic:? +(\S+)", re.IGNORECASE)
"""Some clients write a colon after the scheme."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A call as it arrived, in the parts that a signature covers."""

    method: str
    hosts: tuple[str, ...]
    """Host names without ports that the caller may have signed for, in lower case."""
    paths: tuple[str, ...]
    """The served path in the spellings that the caller may have signed."""
    query: str
    body: bytes
    date: str
    """The header as it stands: X-Duo-Date, else Date."""
    authorization: str
    duo_headers: tuple[tuple[str, str], ...] = ()
    """All headers X-Duo-…, names in lower case."""


def credentials(authorization: str) -> tuple[str, str]:
    """The integration key and the signature. Raises Unauthenticated when there are none."""
    match = _BASIC.fullmatch(authorization.strip())
    if match is None:
        raise Unauthenticated(
            "sign the request: Authorization must be Basic with an integration key and a signature", code=MISSING_CREDENTIALS
        )
    try:
        decoded = base64.b64decode(match[1], validate=True)
        ikey, separator, signature = decoded.decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        separator = ikey = signature = ""
        decoded = b""
    if not separator or base64.b64encode(decoded).decode() != match[1]:
        raise Unauthenticated(
            'Authorization must hold base64 of the integration key, ":" and the signature in hex', code=MISSING_CREDENTIALS
        )
    return ikey, signature


def check_date(date: str, now: datetime, window: timedelta) -> None:
    """Raises Unauthenticated unless `date` is an RFC 5322 date within `window` of now. One without a zone, or with -0000, is UTC."""
    try:
        signed_at = parsedate_to_datetime(date)
        distance = abs(now - (signed_at if signed_at.tzinfo else signed_at.replace(tzinfo=UTC)))
    except (ValueError, OverflowError):
        raise Unauthenticated("the header Date (or X-Duo-Date) must be the RFC 5322 date that was signed", code=INVALID_DATE) from None
    if distance > window:
        raise Unauthenticated(
            f"the request's date is more than {window.total_seconds():.0f} s from this server's time, {now:%a, %d %b %Y %H:%M:%S} UTC: "
            "set the clock, and sign each request anew",
            code=STALE_DATE,
        )


def is_signed_with(request: SignedRequest, secret: str, signature: str) -> bool:
    """Whether `signature` is the request's under `secret`. Every spelling is tried, whichever fits, each compared in constant time."""
    key = secret.encode()
    given = signature.encode()
    fits = False
    for text in _canonical_forms(request):
        fits |= hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha512).hexdigest().encode(), given)
    return fits


def canonical_query(query: str) -> str:
    """The parameters as RFC 5849, 3.4.1.3.2, has them: each encoded, sorted by name and then by value."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    return "&".join("=".join(pair) for pair in sorted((_encoded(name), _encoded(value)) for name, _, value in pairs))


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="~")


def _canonical_forms(request: SignedRequest) -> list[str]:
    body = hashlib.sha512(request.body).hexdigest()
    parameters = canonical_query(request.query)
    method = request.method.upper()
    return [
        f"{request.date}\n{method}\n{host}\n{path}\n{parameters}\n{body}\n{headers}"
        for host, path, headers in product(request.hosts, request.paths, _header_digests(request.duo_headers))
    ]


def _header_digests(duo_headers: tuple[tuple[str, str], ...]) -> list[str]:
    """X-Duo-Date is the date line already; whether it also counts among the headers is up to the client."""
    others = sorted(header for header in duo_headers if header[0] != DATE_HEADER)
    spellings = [others] if len(others) == len(duo_headers) else [others, sorted(duo_headers)]
    return [hashlib.sha512("\0".join(text for header in headers for text in header).encode()).hexdigest() for headers in spellings]
