"""Users, as the Admin API reads, makes, changes and deletes them: the rules are those of every other way in (B-150..B-158)."""

from sync_core.directory.attributes import ALIASES, MAX_ALIASES
from sync_core.directory.edits import SETTABLE, UserEdit
from sync_core.directory.enrollments import DEFAULT_SECONDS, MAX_SECONDS
from sync_core.directory.users import Status
from sync_core.errors import NotFound, Rejected
from sync_core.management.enrollments import NewEnrollment
from triggers.http.admin.answers import Ok, page
from triggers.http.admin.calls import Call, Served, delete, get, post
from triggers.http.admin.objects import user_object
from triggers.http.admin.parameters import SHOWN, MissingParameter, Parameters

MAX_PAGE = 300
_CUSTOM = "custom_attributes"
"""Given as one object, or each as custom_attributes.name, as the official client does."""


async def list_users(call: Call) -> Ok:
    """All, a page at a time; or those of a username, an email address, or of lists of usernames or ids."""
    asked, given, showing = call.asked(MAX_PAGE), call.parameters, call.services.admin.showing
    if (username := given.text("username")) is not None:
        return Ok([user_object(shown) for shown in await showing.named(username)])
    if (email := given.text("email")) is not None:
        return Ok([user_object(shown) for shown in await showing.with_email(email)])
    if (names := given.texts("username_list")) is not None:
        found = await showing.called(names)
    elif (user_ids := given.texts("user_id_list")) is not None:
        found = await showing.many(user_ids)
    else:
        listed = await call.services.admin.listing.users(asked)
        return page(listed.of([user_object(shown) for shown in await showing.users(listed.items)]))
    return Ok([user_object(shown) for shown in found], {"total_objects": len(found)})


async def read_user(call: Call) -> Ok:
    return Ok(user_object(await call.services.admin.showing.user(call.path["user_id"])))


async def create_user(call: Call) -> Ok:
    call.parameters.needed("username")
    stored = await call.services.users.create(edit_of(call.parameters), by=call.by)
    return Ok(user_object(await call.services.admin.showing.user(stored.user.user_id)))


async def enroll_user(call: Call) -> Ok:
    """The enrollment code, which is also in the link that is mailed; made by default for 30 days (E-16)."""
    given = call.parameters
    valid = given.number("valid_secs", low=0, high=MAX_SECONDS)
    new = NewEnrollment(username=given.needed("username"), email=given.needed("email"), seconds=DEFAULT_SECONDS if valid is None else valid)
    return Ok(await call.services.admin.enrollments.enroll(new, by=call.by))


async def change_user(call: Call) -> Ok:
    stored = await call.services.users.update(call.path["user_id"], edit_of(call.parameters), by=call.by)
    return Ok(user_object((await call.services.admin.showing.users([stored.user]))[0]))


async def delete_user(call: Call) -> Ok:
    """At once and for good; one who is not there is no fault (E-11)."""
    try:
        await call.services.users.delete(call.path["user_id"], by=call.by)
    except NotFound:
        return Ok("")
    return Ok("")


def edit_of(given: Parameters) -> UserEdit:
    """What of a user shall change: positions and fields that are not given stay, an empty value empties (E-17)."""
    return UserEdit(
        username=given.text("username"),
        realname=given.text("realname"),
        firstname=given.text("firstname"),
        lastname=given.text("lastname"),
        email=given.text("email"),
        notes=given.text("notes"),
        aliases=_aliases(given),
        custom_attributes=_custom_attributes(given),
        status=_status(given.text("status")),
    )


def _aliases(given: Parameters) -> dict[str, str]:
    aliases = {position: text for name, position in ALIASES.items() if (text := given.text(name)) is not None}
    for name, text in (given.pairs("aliases") or {}).items():
        if name not in ALIASES:
            raise Rejected(f"aliases are alias1 to alias{MAX_ALIASES}, not {name[:SHOWN]!r}", field="aliases")
        aliases[ALIASES[name]] = text
    return aliases


def _custom_attributes(given: Parameters) -> dict[str, str]:
    """Names need no making beforehand, unlike Duo's."""
    named = {name.removeprefix(f"{_CUSTOM}."): given.text(name) or "" for name in given.names if name.startswith(f"{_CUSTOM}.")}
    return (given.pairs(_CUSTOM) or {}) | named


def _status(text: str | None) -> Status | None:
    if text is None:
        return None
    if text.lower() not in SETTABLE:
        raise Rejected(f"a status is one of {', '.join(SETTABLE)}, not {text[:SHOWN]!r}", field="status")
    return Status(text.lower())


async def bulk_create(call: Call) -> Ok:
    """Each like one that is created alone; looked at as a whole first, so that one that cannot be keeps all from being made."""
    wanted = call.parameters.objects("users")
    if not wanted:
        raise MissingParameter("give a list of users", field="users")
    for given in wanted:
        given.needed("username")
    made = await call.services.admin.bulk.create([edit_of(given) for given in wanted], by=call.by)
    return Ok([user_object(shown) for shown in await call.services.admin.showing.users(made)])


async def bulk_send_to_trash(call: Call) -> Ok:
    sent = await call.services.admin.bulk.send_to_trash(_ids(call.parameters), by=call.by)
    return Ok([user_object(shown) for shown in await call.services.admin.showing.users(sent)])


async def bulk_restore(call: Call) -> Ok:
    restored = await call.services.admin.bulk.restore(_ids(call.parameters), by=call.by)
    return Ok([user_object(shown) for shown in await call.services.admin.showing.users(restored)])


def _ids(given: Parameters) -> list[str]:
    user_ids = given.texts("user_id_list")
    if not user_ids:
        raise MissingParameter("give a list of user ids", field="user_id_list")
    return list(dict.fromkeys(user_ids))


SERVED: tuple[Served, ...] = (
    get("/v1/users", list_users),
    post("/v1/users", create_user),
    post("/v1/users/enroll", enroll_user),
    post("/v1/users/bulk_create", bulk_create),
    post("/v1/users/bulk_send_to_trash", bulk_send_to_trash),
    post("/v1/users/bulk_restore", bulk_restore),
    get("/v1/users/{user_id}", read_user),
    post("/v1/users/{user_id}", change_user),
    delete("/v1/users/{user_id}", delete_user),
)
