"""Bypass codes, of a user and of all (E-18)."""

from sync_core.directory.bypass_codes import MAX_SECONDS, MAX_USES, MOST_AT_ONCE, BypassCode, NewCodes
from sync_core.directory.users import User
from sync_core.errors import NotFound, Rejected
from triggers.http.admin.answers import Ok, page
from triggers.http.admin.calls import Call, Served, delete, get, post
from triggers.http.admin.objects import Object, seconds, user_reference


async def create_codes(call: Call) -> Ok:
    given = call.parameters
    codes = tuple(part.strip() for part in (given.text("codes") or "").split(",") if part.strip())
    count = given.number("count", low=1, high=MOST_AT_ONCE)
    if codes and count is not None:
        raise Rejected("give codes, or how many random ones, not both", field="count")
    uses = given.number("reuse_count", low=0, high=MAX_USES)
    new = NewCodes(
        codes=codes,
        count=count or MOST_AT_ONCE,
        seconds=given.number("valid_secs", low=0, high=MAX_SECONDS) or 0,
        uses=1 if uses is None else uses,
        keeps=given.flag("preserve_existing") or False,
    )
    return Ok(await call.services.admin.bypass_codes.create(call.path["user_id"], new, by=call.by))


async def list_of_user(call: Call) -> Ok:
    owned = await call.services.admin.bypass_codes.of(call.path["user_id"])
    of = f"codes-{call.path['user_id']}"
    listed = await call.services.admin.listing.cut(call.asked(), of, owned, lambda one: one[0].code_id)
    return page(listed.of([code_object(*one) for one in listed.items]))


async def list_codes(call: Call) -> Ok:
    codes = call.services.admin.bypass_codes
    listed = await call.services.admin.listing.counted(call.asked(), "codes", codes.count, codes.ids, lambda owner: owner[0])
    return page(listed.of([code_object(*one) for one in await codes.many(listed.items)]))


async def read_code(call: Call) -> Ok:
    return Ok(code_object(*await call.services.admin.bypass_codes.get(call.path["code_id"])))


async def delete_code(call: Call) -> Ok:
    """One that is not there is no fault."""
    try:
        await call.services.admin.bypass_codes.delete(call.path["code_id"], by=call.by)
    except NotFound:
        return Ok("")
    return Ok("")


def code_object(code: BypassCode, user: User) -> Object:
    return {
        "bypass_code_id": code.code_id,
        "admin_email": code.created_by,
        "created": seconds(code.created_at),
        "expiration": seconds(code.expires_at),
        "reuse_count": code.uses_left,
        "user": user_reference(user),
    }


SERVED: tuple[Served, ...] = (
    post("/v1/users/{user_id}/bypass_codes", create_codes),
    get("/v1/users/{user_id}/bypass_codes", list_of_user),
    get("/v1/bypass_codes", list_codes),
    get("/v1/bypass_codes/{code_id}", read_code),
    delete("/v1/bypass_codes/{code_id}", delete_code),
)
