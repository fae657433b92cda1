"""What an administrator decides of what runs held or left out: approve, discard, confirm (D-05, D-12)."""

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.events import Happening
from sync_core.errors import AlreadyRunning, NotFound, Rejected, SyncError
from sync_core.management.journal import Journal
from sync_core.planning.held import Confirmation, HeldSet
from sync_core.runs.context import Context
from sync_core.runs.record import KEPT, Approval, Run
from sync_core.runs.service import Runs


class Replaced(SyncError):
    """What was to be decided on is not what is held, or not held lately enough; nothing was changed."""


class Approvals:
    def __init__(self, context: Context, runs: Runs, journal: Journal) -> None:
        self._context, self._runs, self._journal = context, runs, journal

    async def held(self, directory_key: str) -> HeldSet | None:
        """What the brake holds of the sync; None for nothing."""
        found = await self._context.holds.get(directory_key)
        return found if found is not None and not found.discarded_by else None

    async def approve(self, directory_key: str, digest: str, *, by: str) -> Run:
        """Starts a run that may make the changes of this set, and no others beyond the limits.

        Raises NotFound for no such sync; Replaced when another set is held, or none, or this one longer than 24 hours ago; AlreadyRunning;
        Rejected when the sync cannot run. An approval whose run died may be given again.
        """
        name = await self._name(directory_key)
        running = await self._runs.running(directory_key)
        if running:
            raise AlreadyRunning(running)
        code = ids.new_reference_code(self._context.random_bits)

        def approved(held: HeldSet | None) -> HeldSet:
            checked = self._standing(held, digest)
            return replace(checked, approved_run=code, approved_by=by)

        held = await self._context.holds.change(directory_key, approved)
        assert held is not None  # noqa: S101 - `approved` gives one, or raises
        approval, relink = Approval(run=held.run, plan=held.plan, digest=digest), (await self._context.runs.get(held.run)).relink
        told = {"Digest": digest, "Users": str(held.users)}
        async with self._journal.about(by, Happening.SYNC_APPROVE, name, directory_key, told, run=code):
            return await self._runs.start(directory_key, by, approval=approval, code=code, relink=relink)

    async def discard(self, directory_key: str, digest: str, *, by: str) -> None:
        """What is held is not to be made: it stands no more, until a run holds it again. Raises as `approve`."""
        name = await self._name(directory_key)
        running = await self._runs.running(directory_key)
        held = await self._context.holds.get(directory_key)
        if held is not None and running and held.approved_run == running:
            raise AlreadyRunning(running)
        told = {"Digest": digest, "Decision": "discarded"}
        async with self._journal.about(by, Happening.SYNC_UPDATE, name, directory_key, told):
            await self._context.holds.change(directory_key, lambda now: replace(self._standing(now, digest), discarded_by=by))

    async def confirm(self, run_ref: str, object_id: str, *, by: str) -> Confirmation:
        """Lets the next run take over the user that this skip names, although that enables it (D-05).

        Raises NotFound, and Rejected for a skip that nobody's confirmation would change.
        """
        run = await self._context.runs.get(run_ref)
        skip = await self._runs.skip_of(run_ref, object_id)
        if skip is None:
            raise NotFound(f"run {run_ref} left out nobody with the object id {object_id}")
        if not skip.takes:
            raise Rejected(f"there is nothing to confirm: {skip.reason}", field="object_id")
        name = await self._name(run.directory_key)
        confirmation = Confirmation(object_id=object_id, user_id=skip.takes, reason=skip.reason, by=by, at=self._context.clock.now())
        told = {"Decision": "takeover confirmed", "Object": object_id, "User": skip.takes}
        async with self._journal.about(by, Happening.SYNC_APPROVE, name, run.directory_key, told, run=run_ref):
            await self._context.confirmations.add(run.directory_key, confirmation)
        return confirmation

    def _standing(self, held: HeldSet | None, digest: str) -> HeldSet:
        if held is None or held.digest != digest or held.discarded_by:
            raise Replaced("this set of changes is not held, or not any more: read what is held, and decide on that")
        if held.held_at + KEPT <= self._context.clock.now():
            raise Replaced("this set was held more than 24 hours ago: run the sync again, and decide on what that holds")
        return held

    async def _name(self, directory_key: str) -> str:
        return (await self._context.syncs.existing(directory_key)).name
