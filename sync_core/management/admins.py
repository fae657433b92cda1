"""Administrators made, changed and deleted by hand; what a sync manages of one it alone changes (E-12, B-230..B-236)."""

from collections.abc import Callable
from datetime import datetime

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.admins import (
    DEFAULT_DAYS,
    Activation,
    Admin,
    AdminEdit,
    AdminStatus,
    check_admin_edit,
    check_admin_removal,
    edited_admin,
    linked,
    shown_status,
)
from sync_core.directory.events import Happening
from sync_core.directory.mail import activation_mail
from sync_core.directory.roles import Role
from sync_core.errors import Conflict, Rejected
from sync_core.ids import RandomBits, has_form
from sync_core.management.journal import Journal
from sync_core.management.naming import TRIES
from sync_core.management.references import unknown
from sync_core.storage.admins import AdminRows, Stored
from sync_core.storage.outbox import OutboxRows

_FIELDS = ("name", "email", "phone", "role", "status")


class Admins:
    def __init__(self, rows: AdminRows, outbox: OutboxRows, journal: Journal, clock: Clock, random_bits: RandomBits) -> None:
        self._rows = rows
        self._outbox = outbox
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits

    async def all(self) -> list[Admin]:
        """In the order of their ids."""
        return await self._rows.admins()

    def status(self, admin: Admin) -> AdminStatus:
        """As it is shown now."""
        return shown_status(admin, self._clock.now())

    async def get(self, admin_id: str) -> Admin:
        """Raises NotFound."""
        return (await self.stored(admin_id)).person

    async def stored(self, admin_id: str) -> Stored[Admin]:
        """Raises NotFound."""
        stored = await self._rows.admin(admin_id) if has_form(admin_id, "DE") else None
        if stored is None:
            raise unknown("administrator", admin_id)
        return stored

    async def create(self, new: AdminEdit, *, days: int = DEFAULT_DAYS, send: bool = False, by: str) -> Admin:
        """An administrator who is to be activated; with `send`, a link for that is mailed at once.

        Raises Rejected, naming the field, and AddressInUse.
        """
        now = self._clock.now()
        nobody = Admin(admin_id=ids.new_id("DE", self._random_bits), name="", email="", role=new.role or Role.OWNER, created_at=now)
        admin = edited_admin(nobody, AdminEdit(name=new.name or "", email=new.email or "", phone=new.phone))
        if not send:
            await self._insert(admin, by)
            return admin
        admin = linked(admin, days, now, mailed=True)
        mail = activation_mail(admin)
        await self._outbox.add([mail])
        try:
            await self._insert(admin, by)
        except Rejected:
            await self._outbox.remove([mail.mail_id])
            raise
        return admin

    async def update(self, admin_id: str, edit: AdminEdit, *, by: str) -> Admin:
        """The administrator as it then is. Raises NotFound, and Rejected, naming the field."""

        def changed(before: Admin) -> Admin:
            after = edited_admin(before, edit)
            check_admin_edit(before, after)
            return after

        return await self.change(admin_id, changed, Happening.ADMIN_UPDATE, by)

    async def delete(self, admin_id: str, *, by: str) -> None:
        """For good, at once. Raises NotFound, and Rejected for a managed one and for the last active Owner."""
        for _ in range(TRIES):
            before = await self.stored(admin_id)
            check_admin_removal(before.person)
            try:
                async with self._journal.about(by, Happening.ADMIN_DELETE, before.person.name, admin_id):
                    await self._rows.write(before, None)
            except Conflict:
                continue
            if before.person.link is not None:
                await self._outbox.remove([activation_mail(before.person).mail_id])
            return
        raise _busy(admin_id)

    async def change(self, admin_id: str, how: Callable[[Admin], Admin], action: Happening, by: str) -> Admin:
        """Puts `how` of the record in its place, computed anew when it changed meanwhile. Raises NotFound, and what `how` raises."""
        for _ in range(TRIES):
            before = await self.stored(admin_id)
            after = how(before.person)
            if after == before.person:
                return after
            try:
                async with self._journal.about(by, action, after.name, admin_id, _told(before.person, after)):
                    await self._rows.write(before, after)
            except Conflict:
                continue
            return after
        raise _busy(admin_id)

    async def _insert(self, admin: Admin, by: str) -> None:
        """Whoever was to be activated under this address and was not in time gives way."""
        before = await expired_activation(self._rows, admin.email, self._clock.now())
        async with self._journal.about(by, Happening.ADMIN_CREATE, admin.name, admin.admin_id, _told(None, admin)):
            await self._rows.write(before, admin)


async def expired_activation(rows: AdminRows, email: str, now: datetime) -> Stored[Activation] | None:
    """The activation that has this address, and is past its time (E-15)."""
    holder = await rows.with_email(email)
    if holder is None or not isinstance(holder.person, Activation):
        return None
    activation = holder.person
    return Stored(activation, holder.etag) if activation.link.is_over(now) else None


def _told(before: Admin | None, after: Admin) -> dict[str, str]:
    changed = [field for field in _FIELDS if before is None or getattr(before, field) != getattr(after, field)]
    return {field: str(getattr(after, field)) for field in changed}


def _busy(admin_id: str) -> Conflict:
    return Conflict(f"others are changing {admin_id} at this moment: read it again, and repeat")
