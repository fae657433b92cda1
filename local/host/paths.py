"""Request paths as ASP.NET sees and shows them."""

import re
from urllib.parse import quote, unquote

RESERVED = frozenset({"admin", "runtime"})
_SLASH = re.compile(r"(%2f)", re.IGNORECASE)
_BARE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_SAFE = "!$%&'()*+,-./:;=@_~"


def decoded(raw: bytes) -> str:
    """The path that is routed: Kestrel leaves %2F, and what is not UTF-8, as it came."""
    return "".join(part if _SLASH.fullmatch(part) else _unquoted(part) for part in _SLASH.split(raw.decode("latin-1")))


def encoded(path: str) -> str:
    """The path in the URL that a function is given: PathString.ToUriComponent, which takes any %XX for an escape that is there already."""
    return quote(_BARE_PERCENT.sub("%25", path), safe=_SAFE)


def is_reserved(path: str) -> bool:
    """Whether the host answers 404 before it looks for a function: first segment admin or runtime, whatever the case.

    Source: ReservedRouteGuardMiddleware.cs of azure-functions-host, July 2026.
    """
    return path.removeprefix("/").partition("/")[0].lower() in RESERVED


def _unquoted(part: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        return part
