"""What the deployment's Owners chose, over its app settings (E-19)."""

import msgspec


class Chosen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """None where the app setting holds."""

    trash_days: int | None = None
    """How long whoever goes to Trash stays there; whoever is there keeps the day that was told (B-161)."""
