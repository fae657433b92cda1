"""Set-Cookie as ASP.NET Core writes it from the cookies that the worker has taken out of the answer's headers."""

from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

from local.host.protos import RpcHttpCookie

_SAME_SITE = {1: "lax", 2: "strict", 3: "none"}


def header(cookie: RpcHttpCookie) -> str:
    """The header's value. The cookie's own value is percent-encoded (Uri.EscapeDataString), whatever the function had encoded already."""
    parts = [f"{cookie.name}={quote(cookie.value, safe='-_.~')}"]
    if cookie.expires:
        parts.append("expires=" + format_datetime(datetime.fromtimestamp(cookie.expires.value.seconds, UTC), usegmt=True))
    if cookie.max_age:
        parts.append(f"max-age={cookie.max_age.value:.0f}")
    if cookie.domain and cookie.domain.value:
        parts.append(f"domain={cookie.domain.value}")
    if cookie.path and cookie.path.value:
        parts.append(f"path={cookie.path.value}")
    if cookie.secure and cookie.secure.value:
        parts.append("secure")
    if cookie.same_site in _SAME_SITE:
        parts.append(f"samesite={_SAME_SITE[cookie.same_site]}")
    if cookie.http_only and cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)
