"""The first active Owner of a deployment: no call can make one yet, so that whoever may write into its storage does (D-30)."""

from dataclasses import dataclass

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.admins import DEFAULT_DAYS, Admin, AdminEdit, AdminStatus, check_first_owner, edited_admin, new_link
from sync_core.directory.events import SYSTEM, Happening
from sync_core.directory.roles import Role
from sync_core.errors import Conflict, Rejected
from sync_core.ids import RandomBits
from sync_core.links import LinkKind, Links
from sync_core.management.admins import Admins, expired_activation
from sync_core.management.journal import Journal
from sync_core.storage.admins import AdminRows


@dataclass(frozen=True, slots=True)
class Made:
    owner: Admin
    url: str
    """Where the Owner sets a password and a second factor; "" where it was told before."""


class FirstOwner:
    def __init__(self, rows: AdminRows, admins: Admins, links: Links, journal: Journal, clock: Clock, random_bits: RandomBits) -> None:
        self._rows = rows
        self._admins = admins
        self._links = links
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits

    async def make(self, name: str, email: str) -> Made:
        """An active Owner, with a link that is told this once; repeated for the same address, the same Owner and no link.

        Raises Rejected, naming the field; AddressInUse; Rejected once there is an active Owner; Misconfigured when the link would lead
        nowhere. Nothing is written then.
        """
        self._links.check()
        now = self._clock.now()
        nobody = Admin(admin_id=ids.new_id("DE", self._random_bits), name="", email="", role=Role.OWNER, created_at=now)
        owner = replace(
            edited_admin(nobody, AdminEdit(name=name, email=email)),
            status=AdminStatus.ACTIVE,
            activated_at=now,
            links=1,
            link=new_link(1, DEFAULT_DAYS, now, mailed=False),
        )
        if (there := await self._holder(owner.email)) is not None:
            return Made(there, "")
        expired = await expired_activation(self._rows, owner.email, now)
        told = {"email": owner.email, "role": owner.role.value, "status": owner.status.value}
        try:
            async with self._journal.about(SYSTEM, Happening.ADMIN_CREATE, owner.name, owner.admin_id, told):
                await self._rows.write(expired, owner, check=lambda owners: check_first_owner(owners - {owner.admin_id}))
        except Rejected:
            if (there := await self._holder(owner.email)) is not None:  # somebody else has just made the same one
                return Made(there, "")
            raise
        return self._told(owner)

    async def new_link(self, email: str) -> Made:
        """Another link for an active Owner who has not used the former one, which is void from now on: it was lost, or has expired.

        Raises Rejected where there is no such Owner, and Misconfigured.
        """
        self._links.check()
        owner = await self._holder(email.strip())
        if owner is None or owner.link is None:
            raise Rejected("no active Owner with this address waits for a link", field="email")
        now = self._clock.now()

        def linked(before: Admin) -> Admin:
            if before.link is None:
                raise Rejected("the link was used or deleted meanwhile", field="email")
            return replace(before, links=before.links + 1, link=new_link(before.links + 1, DEFAULT_DAYS, now, mailed=False))

        return self._told(await self._admins.change(owner.admin_id, linked, Happening.ACTIVATION_CREATE_LINK, SYSTEM))

    async def _holder(self, email: str) -> Admin | None:
        """The active Owner who has this address."""
        stored = await self._rows.with_email(email)
        person = stored.person if stored is not None else None
        return person if isinstance(person, Admin) and person.is_active_owner else None

    def _told(self, owner: Admin) -> Made:
        if owner.link is None:
            raise Conflict(f"others are changing {owner.admin_id} at this moment: repeat it")
        return Made(owner, self._links.url(LinkKind.ACTIVATION, owner.admin_id, owner.link.generation))
