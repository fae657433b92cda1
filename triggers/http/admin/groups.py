"""Groups in both versions of the Admin API, with their users, and the groups of a user (B-170..B-175)."""

from sync_core.directory.edits import GroupEdit
from sync_core.directory.groups import GroupStatus
from sync_core.errors import NotFound, Rejected
from sync_core.management.references import unknown
from sync_core.management.showing import NamedGroup
from triggers.http.admin.answers import Ok, page
from triggers.http.admin.calls import Call, Served, delete, get, post
from triggers.http.admin.objects import group_object, group_with_users, user_reference
from triggers.http.admin.parameters import SHOWN, Parameters

MAX_PAGE = 100
MAX_USERS_PAGE = 500
FACTORS = ("push_enabled", "sms_enabled", "voice_enabled", "mobile_otp_enabled", "u2f_enabled")


async def list_groups(call: Call) -> Ok:
    asked = call.asked(MAX_PAGE)
    if (group_ids := call.parameters.texts("group_id_list")) is not None:
        found = await call.services.admin.showing.groups(group_ids)
        return Ok([group_object(*found[group_id]) for group_id in sorted(found)], {"total_objects": len(found)})
    listed = await call.services.admin.listing.cut(
        asked, "groups", await call.services.admin.showing.all_groups(), lambda named: named[0].group_id
    )
    return page(listed.of([group_object(*named) for named in listed.items]))


async def read_group(call: Call) -> Ok:
    """Version 2: without its users."""
    return Ok(group_object(*await _named(call)))


async def read_group_with_users(call: Call) -> Ok:
    """Version 1: with all its users, of whom there may be too many for one answer."""
    named = await _named(call)
    return Ok(group_with_users(named, await call.services.memberships.all(named[0].group_id)))


async def list_group_users(call: Call) -> Ok:
    group_id = (await _named(call))[0].group_id
    listed = await call.services.admin.listing.members(call.asked(MAX_USERS_PAGE), group_id)
    return page(listed.of([user_reference(user) for user in listed.items]))


async def create_group(call: Call) -> Ok:
    call.parameters.needed("name")
    group, _ = await call.services.groups.create(_edit(call.parameters), by=call.by)
    return Ok(group_object(*await call.services.directory.named(group)))


async def change_group(call: Call) -> Ok:
    group, _ = await call.services.groups.update(call.path["group_id"], _edit(call.parameters), by=call.by)
    call.services.admin.showing.forget(group.group_id)
    return Ok(group_object(*await call.services.directory.named(group)))


async def delete_group(call: Call) -> Ok:
    """One that is not there is no fault."""
    try:
        await call.services.groups.delete(call.path["group_id"], by=call.by)
    except NotFound:
        return Ok("")
    call.services.admin.showing.forget(call.path["group_id"])
    return Ok("")


async def list_user_groups(call: Call) -> Ok:
    shown = await call.services.admin.showing.user(call.path["user_id"])
    listed = await call.services.admin.listing.cut(
        call.asked(MAX_PAGE), f"groups-{shown.user.user_id}", shown.groups, lambda named: named[0].group_id
    )
    return page(listed.of([group_object(*named) for named in listed.items]))


async def add_user_group(call: Call) -> Ok:
    await call.services.memberships.add(call.parameters.needed("group_id"), call.path["user_id"], by=call.by)
    return Ok("")


async def remove_user_group(call: Call) -> Ok:
    await call.services.memberships.remove(call.path["group_id"], call.path["user_id"], by=call.by)
    return Ok("")


async def _named(call: Call) -> NamedGroup:
    """Raises NotFound."""
    group_id = call.path["group_id"]
    found = await call.services.admin.showing.groups([group_id])
    if group_id not in found:
        raise unknown("group", group_id)
    return found[group_id]


def _edit(given: Parameters) -> GroupEdit:
    for factor in FACTORS:
        if given.flag(factor) is False:
            raise Rejected("methods of authentication are not restricted by groups here", field=factor)
    status = given.text("status")
    if status is not None and status.lower() not in set(GroupStatus):
        raise Rejected(f"a status is one of {', '.join(GroupStatus)}, not {status[:SHOWN]!r}", field="status")
    return GroupEdit(
        name=given.text("name"), description=given.text("desc"), status=GroupStatus(status.lower()) if status is not None else None
    )


SERVED: tuple[Served, ...] = (
    get("/v1/groups", list_groups),
    post("/v1/groups", create_group),
    get("/v1/groups/{group_id}", read_group_with_users),
    post("/v1/groups/{group_id}", change_group),
    delete("/v1/groups/{group_id}", delete_group),
    get("/v2/groups/{group_id}", read_group),
    get("/v2/groups/{group_id}/users", list_group_users),
    get("/v1/users/{user_id}/groups", list_user_groups),
    post("/v1/users/{user_id}/groups", add_user_group),
    delete("/v1/users/{user_id}/groups/{group_id}", remove_user_group),
)
