"""Administrators and the links that activate them (E-12..E-15). Nothing is served behind a link yet: the portal is not part of this API."""

from sync_core.directory.admins import DEFAULT_DAYS, MAX_DAYS, Activation, Admin, AdminEdit, AdminStatus, Link
from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from sync_core.errors import Rejected
from sync_core.management.references import unknown
from triggers.http.admin.answers import Ok, page
from triggers.http.admin.calls import Call, Served, delete, get, post
from triggers.http.admin.objects import Object, seconds
from triggers.http.admin.parameters import SHOWN, Parameters

SUBJECT = "Activate your administrator account"
_ROLES = {role.value: role for role in Role}
_SETTABLE = {status.value: status for status in (AdminStatus.ACTIVE, AdminStatus.DISABLED)}


async def list_admins(call: Call) -> Ok:
    admins = await call.services.admin.admins.all()
    listed = await call.services.admin.listing.cut(call.asked(), "admins", admins, lambda admin: admin.admin_id)
    return page(listed.of([admin_object(call, admin) for admin in listed.items]))


async def read_admin(call: Call) -> Ok:
    return Ok(admin_object(call, await call.services.admin.admins.get(call.path["admin_id"])))


async def create_admin(call: Call) -> Ok:
    """A password is ignored, as Duo does: its owner sets it behind the activation link."""
    given = call.parameters
    given.needed("email")
    given.needed("name")
    admin = await call.services.admin.admins.create(_edit(given), days=_days(given), send=given.flag("send_email") or False, by=call.by)
    return Ok(admin_object(call, admin))


async def change_admin(call: Call) -> Ok:
    given = call.parameters
    if given.flag("password_change_required"):
        raise Rejected("a password is set anew by a link, not asked for at the next login", field="password_change_required")
    return Ok(admin_object(call, await call.services.admin.admins.update(call.path["admin_id"], _edit(given), by=call.by)))


async def delete_admin(call: Call) -> Ok:
    await call.services.admin.admins.delete(call.path["admin_id"], by=call.by)
    return Ok("")


async def reset_admin(call: Call) -> Ok:
    """Nobody is locked out here, for failed logins are not counted: the administrator as it is."""
    return await read_admin(call)


async def list_activations(call: Call) -> Ok:
    pending = await call.services.admin.activations.pending()
    listed = await call.services.admin.listing.cut(call.asked(), "activations", pending, lambda one: one.activation_id)
    return page(listed.of([activation_object(call, activation) for activation in listed.items]))


async def create_activation(call: Call) -> Ok:
    given = call.parameters
    activation = await call.services.admin.activations.create(
        given.needed("email"),
        _role(given, "admin_role") or Role.OWNER,
        _days(given),
        send=given.flag("send_email") or False,
        by=call.by,
    )
    return Ok(activation_object(call, activation))


async def delete_activation(call: Call) -> Ok:
    await call.services.admin.activations.delete(call.path["activation_id"], by=call.by)
    return Ok("")


async def create_link(call: Call) -> Ok:
    admin = await call.services.admin.activations.create_link(call.path["admin_id"], _days(call.parameters), by=call.by)
    return Ok(link_object(call, admin))


async def delete_link(call: Call) -> Ok:
    await call.services.admin.activations.delete_link(call.path["admin_id"], by=call.by)
    return Ok("")


async def send_link(call: Call) -> Ok:
    admin = await call.services.admin.activations.send_link(call.path["admin_id"], by=call.by)
    return Ok(link_object(call, admin))


def admin_object(call: Call, admin: Admin) -> Object:
    return {
        "admin_id": admin.admin_id,
        "name": admin.name,
        "email": admin.email,
        "phone": admin.phone,
        "role": admin.role.value,
        "status": call.services.admin.admins.status(admin).value,
        "restricted_by_admin_units": False,
        "admin_units": [],
        "last_login": None,
        "created": seconds(admin.created_at),
        "password_change_required": False,
        "hardtoken": None,
        "subaccount_role": None,
        "directory_key": admin.sync or None,
    }


def activation_object(call: Call, activation: Activation) -> Object:
    return {"admin_activation_id": activation.activation_id} | _link(call, activation, activation.link)


def link_object(call: Call, admin: Admin) -> Object:
    """Raises NotFound when somebody deleted the link meanwhile."""
    if admin.link is None:
        raise unknown("activation link of administrator", admin.admin_id)
    return {"admin_id": admin.admin_id} | _link(call, admin, admin.link)


def _link(call: Call, person: Admin | Activation, link: Link) -> Object:
    url, days = call.services.admin.activations.url(person), (link.expires_at - link.created_at).days
    return {
        "admin_role": person.role.value,
        "code": call.services.admin.activations.code(person),
        "email": person.email,
        "email_sent": link.mailed,
        "expires": seconds(link.expires_at),
        "link": url,
        "message": f"Open this link within {days} days to activate your administrator account: {url}",
        "subject": SUBJECT,
        "valid_days": days,
    }


def _edit(given: Parameters) -> AdminEdit:
    status = given.text("status")
    if status is not None and status not in _SETTABLE:
        raise Rejected(f"a status is one of {', '.join(_SETTABLE)}, not {status[:SHOWN]!r}", field="status")
    return AdminEdit(
        name=given.text("name"),
        email=given.text("email"),
        phone=given.text("phone"),
        role=_role(given, "role"),
        status=_SETTABLE[status] if status is not None else None,
    )


def _role(given: Parameters, name: str) -> Role | None:
    """Role names are case-sensitive (E-13)."""
    text = given.text(name)
    if text is not None and text not in _ROLES:
        raise Rejected(f"a role is one of {', '.join(_ROLES)}, not {text[:SHOWN]!r}", field=name)
    return _ROLES[text] if text is not None else None


def _days(given: Parameters) -> int:
    return given.number("valid_days", low=1, high=MAX_DAYS) or DEFAULT_DAYS


SERVED: tuple[Served, ...] = (
    get("/v1/admins", list_admins, Grant.ADMINISTRATORS),
    post("/v1/admins", create_admin, Grant.ADMINISTRATORS),
    get("/v1/admins/activations", list_activations, Grant.ADMINISTRATORS),
    post("/v1/admins/activations", create_activation, Grant.ADMINISTRATORS),
    delete("/v1/admins/activations/{activation_id}", delete_activation, Grant.ADMINISTRATORS),
    get("/v1/admins/{admin_id}", read_admin, Grant.ADMINISTRATORS),
    post("/v1/admins/{admin_id}", change_admin, Grant.ADMINISTRATORS),
    delete("/v1/admins/{admin_id}", delete_admin, Grant.ADMINISTRATORS),
    post("/v1/admins/{admin_id}/reset", reset_admin, Grant.ADMINISTRATORS),
    post("/v1/admins/{admin_id}/activation_link", create_link, Grant.ADMINISTRATORS),
    delete("/v1/admins/{admin_id}/activation_link", delete_link, Grant.ADMINISTRATORS),
    post("/v1/admins/{admin_id}/activation_link/email", send_link, Grant.ADMINISTRATORS),
)
