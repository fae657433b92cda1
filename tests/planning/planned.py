"""A plan as tests ask for it."""

from dataclasses import dataclass

from sync_core.planning.brake import NOTHING, Braking
from sync_core.planning.changes import Action, Change
from sync_core.planning.plan import Plan
from sync_core.planning.reading import Indexed, Reading
from sync_core.planning.reasons import Reason, Skip
from sync_core.planning.settle import Writer


@dataclass(slots=True)
class Planned:
    """A plan, with what it was made from."""

    plan: Plan
    writer: Writer
    reading: Reading
    leavers: list[Indexed]
    braking: Braking = NOTHING

    def change(self, object_id: str) -> Change:
        return next(change for change in self.plan.changes if change.object_id == object_id)

    def skip(self, object_id: str) -> Skip | None:
        return next((skip for skip in self.plan.skips if skip.object_id == object_id), None)

    def reason(self, object_id: str) -> Reason | None:
        skip = self.skip(object_id)
        return skip.reason if skip is not None else None

    @property
    def actions(self) -> dict[str, tuple[Action, ...]]:
        """By object id (by user id for whom the plan knows only that), where there are any."""
        return {change.object_id or change.user_id: change.actions for change in self.plan.changes if change.actions}

    @property
    def idle(self) -> bool:
        """Whether it would write nothing: no record, no name, no member row."""
        still = (not (change.actions or change.moves or change.frees or change.enters or change.leaves) for change in self.plan.changes)
        return all(still) and not self.plan.repairs
