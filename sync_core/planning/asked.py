"""Whom an individual sync is asked for: up to 50 names (B-110)."""

from collections.abc import Sequence

from sync_core.directory.attributes import USER_PRINCIPAL_NAME, Mapping
from sync_core.directory.names import fold, normalize
from sync_core.errors import Rejected

MOST = 50
LONGEST = 512


def asked_names(names: str | Sequence[str]) -> tuple[str, ...]:
    """The names, each once, as they were first spelled; from a list, or from text with commas between them. Blank ones are dropped.

    Raises Rejected for none, for more than 50, and for one that cannot be a name.
    """
    parts = names.split(",") if isinstance(names, str) else names
    found: dict[str, str] = {}
    for name in map(str.strip, parts):
        if len(name) > LONGEST or not name.isprintable():
            raise Rejected(f"a name is at most {LONGEST} printable characters", field="names")
        if name:
            found.setdefault(fold(name), name)
    if not found:
        raise Rejected("name at least one user", field="names")
    if len(found) > MOST:
        raise Rejected(f"at most {MOST} users can be synced at a time, not {len(found)}", field="names")
    return tuple(found.values())


def may_be_name(name: str, mapping: Mapping) -> bool:
    """Whether a user of the source can have it: a whole userPrincipalName where that is the source, normalized or not (B-111, B-066)."""
    local, at, domain = name.rpartition("@")
    return mapping.username != USER_PRINCIPAL_NAME or bool(local and at and domain)


def stored_name(name: str, mapping: Mapping) -> str:
    """As a user of that name is called here (B-066)."""
    return normalize(name) if mapping.normalize else name
