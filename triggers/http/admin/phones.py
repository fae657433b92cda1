"""Phones, of a user and of all: what a sync brought is the sync's (B-076, B-150)."""

from sync_core.directory.phone_edits import PhoneEdit
from sync_core.directory.phones import Phone, PhoneType
from sync_core.directory.users import User
from sync_core.errors import NotFound, Rejected
from sync_core.management.actor import Forbidden
from triggers.http.admin.answers import Ok, page
from triggers.http.admin.calls import Call, Served, delete, get, post
from triggers.http.admin.objects import Object, phone_object, phone_with_users
from triggers.http.admin.parameters import SHOWN, Parameters

_TYPES = {kind.value.lower(): kind for kind in PhoneType}

type Owned = tuple[Phone, User | None]


async def list_phones(call: Call) -> Ok:
    """All, a page at a time; or those with a number, and an extension."""
    asked, given = call.asked(), call.parameters
    if (number := given.text("number")) is not None:
        found = await call.services.admin.showing.phones_with_number(number, given.text("extension"))
        return Ok(await _objects(call, found))
    listed = await call.services.admin.listing.phones(asked)
    return page(listed.of(await _objects(call, listed.items)))


async def read_phone(call: Call) -> Ok:
    return await _one(call, await call.services.phones.get(call.path["phone_id"]))


async def create_phone(call: Call) -> Ok:
    return await _one(call, (await call.services.phones.create(_edit(call.parameters), by=call.by), None))


async def change_phone(call: Call) -> Ok:
    return await _one(call, await call.services.phones.update(call.path["phone_id"], _edit(call.parameters), by=call.by))


async def delete_phone(call: Call) -> Ok:
    """One that is not there is no fault."""
    try:
        await call.services.phones.delete(call.path["phone_id"], by=call.by)
    except NotFound:
        return Ok("")
    return Ok("")


async def list_user_phones(call: Call) -> Ok:
    user = (await call.services.admin.showing.user(call.path["user_id"])).user
    phones = sorted(user.phones, key=lambda phone: phone.phone_id)
    listed = await call.services.admin.listing.cut(call.asked(), f"phones-{user.user_id}", phones, lambda phone: phone.phone_id)
    return page(listed.of([phone_object(phone) for phone in listed.items]))


async def add_user_phone(call: Call) -> Ok:
    await call.services.phones.attach(call.path["user_id"], call.parameters.needed("phone_id"), by=call.by)
    return Ok("")


async def remove_user_phone(call: Call) -> Ok:
    await call.services.phones.detach(call.path["user_id"], call.path["phone_id"], by=call.by)
    return Ok("")


async def not_activated(_: Call) -> Ok:
    raise Forbidden("phones are not activated, and no messages are sent to them, through this API")


async def _one(call: Call, owned: Owned) -> Ok:
    return Ok((await _objects(call, [owned]))[0])


async def _objects(call: Call, found: list[Owned]) -> list[Object]:
    shown = await call.services.admin.showing.users([user for _, user in found if user is not None])
    by_id = {one.user.user_id: one for one in shown}
    as_shown = {phone.phone_id: phone for one in shown for phone in one.user.phones}
    return [
        phone_with_users(as_shown.get(phone.phone_id, phone), [by_id[user.user_id]] if user is not None else []) for phone, user in found
    ]


def _edit(given: Parameters) -> PhoneEdit:
    kind = given.text("type")
    if kind and kind.lower() not in _TYPES:
        raise Rejected(f"a type is one of {', '.join(PhoneType)}, not {kind[:SHOWN]!r}", field="type")
    return PhoneEdit(
        number=given.text("number"),
        extension=given.text("extension"),
        name=given.text("name"),
        type=_TYPES[kind.lower()] if kind else None,
        platform=given.text("platform"),
        predelay=given.text("predelay"),
        postdelay=given.text("postdelay"),
    )


SERVED: tuple[Served, ...] = (
    get("/v1/phones", list_phones),
    post("/v1/phones", create_phone),
    get("/v1/phones/{phone_id}", read_phone),
    post("/v1/phones/{phone_id}", change_phone),
    delete("/v1/phones/{phone_id}", delete_phone),
    post("/v1/phones/{phone_id}/activation_url", not_activated),
    post("/v1/phones/{phone_id}/send_sms_activation", not_activated),
    post("/v1/phones/{phone_id}/send_sms_installation", not_activated),
    get("/v1/users/{user_id}/phones", list_user_phones),
    post("/v1/users/{user_id}/phones", add_user_phone),
    delete("/v1/users/{user_id}/phones/{phone_id}", remove_user_phone),
)
