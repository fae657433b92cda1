"""Administrators: who they are, what may be changed of them, and that an active Owner always remains (E-12..E-15, B-230..B-236)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sync_core.directory.roles import Role
from sync_core.directory.texts import needed_line
from sync_core.errors import Rejected

MAX_TEXT = 256
DEFAULT_DAYS = 7
MAX_DAYS = 31
"""Of an activation link (E-15)."""


class AddressInUse(Rejected):
    """Another administrator has the address, or somebody who is about to be one."""


class AdminStatus(StrEnum):
    """As the Admin API spells them (E-14)."""

    ACTIVE = "Active"
    DISABLED = "Disabled"
    PENDING_ACTIVATION = "Pending Activation"
    EXPIRED = "Expired"
    """Shown of one that was not activated before its link ended (B-216); never kept in a record."""
    PENDING_DELETION = "Pending Deletion"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An activation link that is good until it expires. Its token, made of the owner's id and the generation, is kept nowhere (D-29)."""

    generation: int
    created_at: datetime
    expires_at: datetime
    mailed: bool = False

    def is_over(self, now: datetime) -> bool:
        return self.expires_at <= now


class Admin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    admin_id: str
    name: str
    email: str
    phone: str = ""
    """E.164; "" for none."""
    role: Role
    status: AdminStatus = AdminStatus.PENDING_ACTIVATION
    sync: str = ""
    """Directory key of the sync that manages it; "" for an unmanaged one."""
    link: Link | None = None
    links: int = 0
    """Generations of links so far."""
    created_at: datetime
    activated_at: datetime | None = None

    @property
    def is_active_owner(self) -> bool:
        return self.role is Role.OWNER and self.status is AdminStatus.ACTIVE


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """An administrator to be: an address and a role, waiting for whoever opens the link (E-15)."""

    activation_id: str
    email: str
    role: Role
    link: Link


class AdminEdit(msgspec.Struct, frozen=True, kw_only=True):
    """None leaves a field as it is, "" empties it."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    """As a person writes it."""
    role: Role | None = None
    status: AdminStatus | None = None


def edited_admin(admin: Admin, edit: AdminEdit) -> Admin:
    """Raises Rejected, naming the field, for a value that cannot be. Whether it may is asked by `check_admin_edit`."""
    return replace(
        admin,
        name=admin.name if edit.name is None else needed_line("name", edit.name, MAX_TEXT),
        email=admin.email if edit.email is None else checked_email(edit.email),
        phone=admin.phone if edit.phone is None else _number(edit.phone),
        role=edit.role or admin.role,
        status=edit.status or admin.status,
    )


def check_admin_edit(before: Admin, after: Admin) -> None:
    """Raises Rejected for what nobody changes by hand: what a sync writes (B-230, B-235), a status that is not to be set."""
    if before.status is AdminStatus.PENDING_DELETION:
        raise Rejected("the administrator is about to be deleted, and is read-only until then", field="status")
    changed = [field for field in ("email", "name", "role", "status") if getattr(before, field) != getattr(after, field)]
    if before.sync and changed:
        raise Rejected(f"the administrator is managed by the sync {before.sync}, which alone changes it", field=changed[0])
    if "email" in changed:
        raise Rejected("the address of an administrator stays: make another administrator with the new one", field="email")
    if "status" not in changed:
        return
    if before.status is AdminStatus.PENDING_ACTIVATION:
        raise Rejected("the administrator is not activated yet: the activation link does that", field="status")
    if after.status not in (AdminStatus.ACTIVE, AdminStatus.DISABLED):
        raise Rejected(f"a status is {AdminStatus.ACTIVE} or {AdminStatus.DISABLED}", field="status")
    if after.status is AdminStatus.DISABLED and Role.OWNER in (before.role, after.role):
        raise Rejected("an Owner cannot be disabled: give another role first", field="status")


def check_admin_removal(admin: Admin) -> None:
    """Raises Rejected for one that a sync manages (B-236)."""
    if admin.sync:
        raise Rejected(f"the administrator is managed by the sync {admin.sync}, and cannot be deleted by hand", field="admin_id")


def check_owner_remains(before: Collection[str], after: Collection[str]) -> None:
    """Raises Rejected when the last active Owner goes. Ids of the active Owners."""
    if before and not after:
        raise Rejected("this is the last active Owner: make somebody else an Owner first", field="role")


def check_first_owner(others: Collection[str]) -> None:
    """Raises Rejected once there is an active Owner: only the first one is made without another (D-30). Ids of the active Owners."""
    if others:
        raise Rejected(f"there is an active Owner already, {min(others)}: that one makes further administrators")


def shown_status(admin: Admin, now: datetime) -> AdminStatus:
    """The status, or Expired of one whose link is over and who was not activated by then."""
    waiting = admin.status is AdminStatus.PENDING_ACTIVATION
    return AdminStatus.EXPIRED if waiting and admin.link is not None and admin.link.is_over(now) else admin.status


def new_link(generation: int, days: int, now: datetime, *, mailed: bool) -> Link:
    """Raises Rejected for a life that is none."""
    if not 1 <= days <= MAX_DAYS:
        raise Rejected(f"a link is valid for 1 to {MAX_DAYS} days", field="valid_days")
    return Link(generation=generation, created_at=now, expires_at=now + timedelta(days=days), mailed=mailed)


def linked(admin: Admin, days: int, now: datetime, *, mailed: bool) -> Admin:
    """The administrator with a new link, the former one void. Raises Rejected for one that is past its activation."""
    if admin.status is not AdminStatus.PENDING_ACTIVATION:
        raise Rejected(f"the administrator is {admin.status}: links are for those who are not activated yet", field="admin_id")
    return replace(admin, links=admin.links + 1, link=new_link(admin.links + 1, days, now, mailed=mailed))


def checked_email(email: str) -> str:
    """The address without outer blanks. Raises Rejected for what cannot be one."""
    email = email.strip()
    local, _, domain = email.rpartition("@")
    if len(email) > MAX_TEXT or not email.isprintable() or " " in email or not local or "." not in domain.strip("."):
        raise Rejected("it is a mail address, such as ann@corp.example", field="email")
    return email


def _number(text: str) -> str:
    if not text.strip():
        return ""
    from sync_core.directory.phone_numbers import parse

    try:
        read = parse(text)
    except Rejected as refusal:
        raise Rejected(str(refusal), field="phone") from None
    if read.extension:
        raise Rejected("the phone of an administrator has no extension", field="phone")
    return read.number
