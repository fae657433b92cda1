"""Versions of records as callers see them: an ETag names one, and If-Match asks for it (RFC 9110, 13.1.1)."""

import hashlib
from collections.abc import Collection

from sync_core.errors import SyncError

ANY = "*"


class Outdated(SyncError):
    """The record is not the version that the caller has seen; nothing was changed."""


def version_of(stored_etag: str) -> str:
    """A strong ETag, without its quotes. Storage's own are weak, and would match no If-Match."""
    return hashlib.blake2b(stored_etag.encode(), digest_size=12).hexdigest()


def check_version(stored_etag: str, wanted: Collection[str]) -> None:
    """Raises Outdated unless the stored record is one of these versions; no versions are no condition."""
    if wanted and ANY not in wanted and version_of(stored_etag) not in wanted:
        raise Outdated("it has changed since this version was read: read it again, and repeat what is still wanted")
