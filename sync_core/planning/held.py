"""What stands of a sync's runs until somebody decides: the set that the brake holds (D-12), and takeovers that were confirmed (D-05)."""

from datetime import datetime

import msgspec

from sync_core.planning.brake import Overrun


class HeldSet(msgspec.Struct, frozen=True, kw_only=True):
    """Stands until a run of the sync ends without the brake, or holds another set."""

    digest: str
    run: str
    """The newest run that held this set."""
    plan: str
    """The name of that run's list of changes, under which the held ones are kept."""
    first_run: str
    """The run that held it first: the one that was told of by mail."""
    held_at: datetime
    """When the newest run that held it ended."""
    overruns: tuple[Overrun, ...]
    users: int
    """How many users have changes held."""
    new: int = 0
    """Those of them whom the set before it did not name, or not with all of these changes."""
    gone: int = 0
    """Those whom the set before it named and this one does not."""
    approved_run: str = ""
    """The run that was started to make these changes."""
    approved_by: str = ""
    discarded_by: str = ""
    """Who told that they shall not be made; a run that holds them again clears it."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    object_id: str
    user_id: str
    reason: str
    """Why it had been skipped."""
    by: str
    at: datetime
