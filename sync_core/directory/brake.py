"""The limits of the brake, which are settings of a sync (D-12). What they hold is decided in `planning/brake.py`."""

import msgspec

from sync_core.errors import Rejected

MOST = 10_000_000


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """How much one run may do before it asks. Each class is held when it is over its number and over its share."""

    removals: int = 10
    """Users removed or disabled."""
    removals_percent: int = 20
    """Of the users that the sync holds."""
    removals_most: int = 500
    """So many are held whatever their share."""
    group_losses: int = 10
    """Members that one group loses."""
    group_losses_percent: int = 50
    """Of its members."""
    renames: int = 0
    """Users renamed or taken over."""
    renames_percent: int = 20
    """Of the users that the sync holds; a sync that holds nobody yet is not asked."""


def check_brake(brake: Brake) -> None:
    """Raises Rejected, naming the limit, for one that cannot be."""
    for name in Brake.__struct_fields__:
        limit, most = getattr(brake, name), 100 if name.endswith("_percent") else MOST
        if not 0 <= limit <= most:
            raise Rejected(f"{name} is 0 to {most}, not {limit}", field=f"brake.{name}")
