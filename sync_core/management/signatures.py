r"""Signatures v5, v4 and v2 of the Duo Admin API, checked: pure, and the same for every caller (admin-api.md §1).

Authorization is `Basic base64(ikey ":" hex)`, hex being the HMAC under the secret, over these lines joined by "\n":
v5: date, method, host, path, parameters of the query, SHA-512 of the raw body, SHA-512 of the X-Duo-* headers; v4: the same without
the last line; v2: date, method, host, path, parameters, these being the query's or the form's. The HMAC is of SHA-512; v2's may be of
SHA-1 where that is allowed, and is told by its length.
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

from sync_core.management.actor import INVALID_DATE, MISSING_CREDENTIALS, STALE_DATE, Unauthenticated

DATE_HEADER = "x-duo-date"
FORM = "application/x-www-form-urlencoded"
_BASIC = re.compile(r"basic:? +(\S+)", re.IGNORECASE)
"""Some clients write a colon after the scheme."""
_SHA1_DIGITS = 40
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


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
    content_type: str = ""


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


def is_signed_with(request: SignedRequest, secret: str, signature: str, *, sha1: bool = False) -> bool:
    """Whether `signature` is the request's under `secret`. Every version and spelling is tried, whichever fits, each compared in constant
    time. `sha1`: whether v2 may be signed so.
    """
    key, given = secret.encode(), signature.encode()
    by_sha1 = sha1 and len(given) == _SHA1_DIGITS
    fits = False
    for text in _v2_forms(request) if by_sha1 else [*_hashed_forms(request), *_v2_forms(request)]:
        expected = hmac.new(key, text.encode(), hashlib.sha1 if by_sha1 else hashlib.sha512).hexdigest()
        fits |= hmac.compare_digest(expected.encode(), given)
    return fits


def parameters(urlencoded: str) -> list[tuple[str, str]]:
    """Names and values of a query or a form, each percent-encoded as RFC 3986 has it, in the order given; "+" is a blank."""
    pairs = [part.partition("=") for part in urlencoded.split("&") if part]
    return [(_encoded(name), _encoded(value)) for name, _, value in pairs]


def canonical_query(urlencoded: str) -> str:
    """The parameters as RFC 5849, 3.4.1.3.2, has them: each encoded, sorted by name and then by value."""
    return _joined(sorted(parameters(urlencoded)))


def _canonical_queries(urlencoded: str) -> list[str]:
    """As `canonical_query`; and with the values of one name as they came, because Duo's client for Node leaves these unsorted."""
    pairs = parameters(urlencoded)
    return list(dict.fromkeys((_joined(sorted(pairs)), _joined(sorted(pairs, key=lambda pair: pair[0])))))


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join("=".join(pair) for pair in pairs)


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="~")


def _hashed_forms(request: SignedRequest) -> list[str]:
    """Of v5 and v4, which sign the body as it came."""
    body = hashlib.sha512(request.body).hexdigest()
    heads = _heads(request, _canonical_queries(request.query))
    return [f"{head}\n{body}{headers}" for head, headers in product(heads, ("", *_header_digests(request.duo_headers)))]


def _v2_forms(request: SignedRequest) -> list[str]:
    """None when something of the request would go unsigned: a body that is no form, or a query beside a form (D-33)."""
    if not request.body:
        return _heads(request, _canonical_queries(request.query))
    media_type = request.content_type.partition(";")[0].strip().lower()
    if request.method.upper() not in _WITH_BODY or media_type != FORM or request.query or not request.body.isascii():
        return []
    return _heads(request, _canonical_queries(request.body.decode()))


def _heads(request: SignedRequest, queries: list[str]) -> list[str]:
    """The lines that all versions share, in every spelling of host, path and parameters."""
    method = request.method.upper()
    return [f"{request.date}\n{method}\n{host}\n{path}\n{query}" for host, path, query in product(request.hosts, request.paths, queries)]


def _header_digests(duo_headers: tuple[tuple[str, str], ...]) -> list[str]:
    """The last line of v5 with its line feed. X-Duo-Date is the date line already; whether it also counts among the headers is up to the
    client.
    """
    others = sorted(header for header in duo_headers if header[0] != DATE_HEADER)
    spellings = [others] if len(others) == len(duo_headers) else [others, sorted(duo_headers)]
    texts = ["\0".join(text for header in headers for text in header) for headers in spellings]
    return ["\n" + hashlib.sha512(text.encode()).hexdigest() for text in texts]
