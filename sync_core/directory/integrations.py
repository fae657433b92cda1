"""Integration keys: by them programs sign their calls, and each call acts as its key (D-34)."""

from datetime import datetime

import msgspec

from sync_core.directory.roles import Role


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    ikey: str
    name: str
    role: Role
    sealed_secret: bytes
    """Its secret, sealed by the box of `secrets.py` with the ikey as associated data."""
    created_at: datetime
