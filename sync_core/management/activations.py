"""Links by which administrators are activated: of people to be, and of administrators who are here already (E-15, B-216, B-217).

A mail is put into the outbox before the record that it tells of: whoever sends it looks whether that record has this link.
"""

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.admins import DEFAULT_DAYS, Activation, Admin, checked_email, linked, new_link
from sync_core.directory.events import Happening
from sync_core.directory.mail import activation_mail
from sync_core.directory.roles import Role
from sync_core.errors import Rejected
from sync_core.ids import RandomBits, has_form
from sync_core.links import LinkKind, Links
from sync_core.management.admins import Admins, expired_activation
from sync_core.management.journal import Journal
from sync_core.management.references import unknown
from sync_core.storage.admins import AdminRows, Stored
from sync_core.storage.outbox import OutboxRows


class Activations:
    def __init__(
        self, rows: AdminRows, admins: Admins, outbox: OutboxRows, links: Links, journal: Journal, clock: Clock, random_bits: RandomBits
    ) -> None:
        self._rows = rows
        self._admins = admins
        self._outbox = outbox
        self._links = links
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits

    # Of people who are to become administrators

    async def pending(self) -> list[Activation]:
        """In the order of their ids."""
        now = self._clock.now()
        return [activation for activation in await self._rows.activations() if not activation.link.is_over(now)]

    async def create(self, email: str, role: Role = Role.OWNER, days: int = DEFAULT_DAYS, *, send: bool = False, by: str) -> Activation:
        """Raises Rejected, naming the field, and AddressInUse; Misconfigured when a link would lead nowhere."""
        now = self._clock.now()
        link = new_link(1, days, now, mailed=send)
        activation_id = ids.new_id("DA", self._random_bits)
        activation = Activation(activation_id=activation_id, email=checked_email(email), role=role, link=link)
        self._links.check()
        expired = await expired_activation(self._rows, activation.email, now)
        mail = activation_mail(activation)
        if send:
            await self._outbox.add([mail])
        told = {"email": activation.email, "role": role.value, "expires": link.expires_at.isoformat()}
        try:
            async with self._journal.about(by, Happening.ADMIN_ACTIVATION_CREATE, activation.email, activation_id, told):
                await self._rows.write(expired, activation)
        except Rejected:
            await self._outbox.remove([mail.mail_id])
            raise
        return activation

    async def delete(self, activation_id: str, *, by: str) -> None:
        """The link is void at once. Raises NotFound."""
        stored = await self._stored(activation_id)
        activation = stored.person
        async with self._journal.about(by, Happening.ADMIN_ACTIVATION_DELETE, activation.email, activation_id):
            await self._rows.write(stored, None)
        await self._outbox.remove([activation_mail(activation).mail_id])

    # Of administrators who are here

    async def create_link(self, admin_id: str, days: int = DEFAULT_DAYS, *, by: str) -> Admin:
        """A new link; the former one is void. Raises NotFound, Misconfigured, and Rejected for one that is past its activation."""
        self._links.check()
        former = await self._admins.get(admin_id)
        now = self._clock.now()
        admin = await self._admins.change(
            admin_id, lambda before: linked(before, days, now, mailed=False), Happening.ACTIVATION_CREATE_LINK, by
        )
        await self._unsent(former)
        return admin

    async def delete_link(self, admin_id: str, *, by: str) -> None:
        """The link is void at once. Raises NotFound, also for one who has no link."""
        former = await self._linked(admin_id)
        await self._admins.change(admin_id, lambda before: replace(before, link=None), Happening.ACTIVATION_DELETE_LINK, by)
        await self._unsent(former)

    async def send_link(self, admin_id: str, *, by: str) -> Admin:
        """Mails the link that there is, to the administrator's address. Raises NotFound as `delete_link`."""
        admin = await self._linked(admin_id)
        await self._outbox.add([activation_mail(admin)])

        def mailed(before: Admin) -> Admin:
            return replace(before, link=replace(before.link, mailed=True)) if before.link is not None else before

        return await self._admins.change(admin_id, mailed, Happening.ACTIVATION_SEND_LINK, by)

    def url(self, person: Admin | Activation) -> str:
        return self._links.url(LinkKind.ACTIVATION, *_named(person))

    def code(self, person: Admin | Activation) -> str:
        return self._links.token(LinkKind.ACTIVATION, *_named(person))

    async def _stored(self, activation_id: str) -> Stored[Activation]:
        stored = await self._rows.activation(activation_id) if has_form(activation_id, "DA") else None
        if stored is None:
            raise unknown("activation", activation_id)
        return stored

    async def _linked(self, admin_id: str) -> Admin:
        admin = await self._admins.get(admin_id)
        if admin.link is None or admin.link.is_over(self._clock.now()):
            raise unknown("activation link of administrator", admin_id)
        return admin

    async def _unsent(self, former: Admin) -> None:
        if former.link is not None:
            await self._outbox.remove([activation_mail(former).mail_id])


def _named(person: Admin | Activation) -> tuple[str, int]:
    """Whose link it is, and its generation."""
    if isinstance(person, Activation):
        return person.activation_id, person.link.generation
    return person.admin_id, person.link.generation if person.link is not None else 0
