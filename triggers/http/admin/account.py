"""What the account as a whole is: its counts, its settings, and the kinds of things that it has none of."""

from sync_core.directory.integrations import Grant
from sync_core.management.access import Forbidden
from sync_core.management.references import unknown
from triggers.http.admin.answers import Ok
from triggers.http.admin.calls import Call, Endpoint, Served, delete, get, post

NOTHING = {"total_objects": 0}


async def read_summary(call: Call) -> Ok:
    counts = await call.services.admin.account.summary()
    return Ok(
        {
            "admin_count": counts.admins,
            "integration_count": counts.integrations,
            "telephony_credits_remaining": 0,
            "user_count": counts.users,
            "user_pending_deletion_count": counts.trashed,
        }
    )


async def read_settings(call: Call) -> Ok:
    """Those of Duo's settings that mean something here."""
    return Ok(
        {
            "pending_deletion_days": call.services.admin.account.trash_days,
            "inactive_user_expiration": 0,
            "user_telephony_cost_max": 0,
            "voice_enabled": False,
            "sms_enabled": False,
            "timezone": "UTC",
        }
    )


async def change_settings(_: Call) -> Ok:
    raise Forbidden("the settings of this deployment are its app settings, such as TRASH_DAYS: they are changed there")


async def none_of_them(_: Call) -> Ok:
    return Ok([], dict(NOTHING))


async def none_of_a_user(call: Call) -> Ok:
    """Raises NotFound for a user that is not there."""
    await call.services.admin.showing.user(call.path["user_id"])
    return Ok([], dict(NOTHING))


def none_called(what: str) -> Endpoint:
    async def read(call: Call) -> Ok:
        raise unknown(what, call.path["key"])

    return read


def none_is_made(what: str) -> Endpoint:
    async def refuse(_: Call) -> Ok:
        raise Forbidden(f"this directory keeps no {what}s")

    return refuse


_KINDS = {
    "tokens": "hardware token",
    "u2ftokens": "U2F token",
    "webauthncredentials": "WebAuthn credential",
    "desktoptokens": "desktop token",
    "desktop_tokens": "desktop token",
}
"""Devices that nobody has here."""

SERVED: tuple[Served, ...] = (
    get("/v1/info/summary", read_summary, Grant.READ_INFORMATION),
    get("/v1/settings", read_settings, Grant.SETTINGS),
    post("/v1/settings", change_settings, Grant.SETTINGS),
    get("/v1/administrative_units", none_of_them, Grant.ADMINISTRATORS),
    get("/v1/administrative_units/{key}", none_called("administrative unit"), Grant.ADMINISTRATORS),
    *(get(f"/v1/{kind}", none_of_them) for kind in _KINDS),
    *(get(f"/v1/{kind}/{{key}}", none_called(name)) for kind, name in _KINDS.items()),
    *(delete(f"/v1/{kind}/{{key}}", none_called(name)) for kind, name in _KINDS.items()),
    *(post(f"/v1/{kind}", none_is_made(name)) for kind, name in _KINDS.items()),
    *(post(f"/v1/{kind}/{{key}}", none_called(name)) for kind, name in _KINDS.items()),
    *(get(f"/v1/users/{{user_id}}/{kind}", none_of_a_user) for kind in _KINDS),
    *(post(f"/v1/users/{{user_id}}/{kind}", none_is_made(name)) for kind, name in _KINDS.items()),
    *(delete(f"/v1/users/{{user_id}}/{kind}/{{key}}", none_called(name)) for kind, name in _KINDS.items()),
)
