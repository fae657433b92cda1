"""What the account as a whole is: its counts, its settings, and the kinds of things that it has none of."""

from sync_core.directory.integrations import Grant
from sync_core.directory.retention import LEAST_DAYS, MOST_DAYS
from sync_core.errors import Rejected
from sync_core.management.actor import Forbidden
from sync_core.management.references import unknown
from sync_core.retention.expire import LOG_KEPT
from triggers.http.admin.answers import Ok
from triggers.http.admin.calls import Call, Endpoint, Served, delete, get, post

NOTHING = {"total_objects": 0}
PENDING_DELETION_DAYS = "pending_deletion_days"
_FIXED: dict[str, str | int] = {
    "inactive_user_expiration": 0,
    "log_retention_days": LOG_KEPT.days,
    "timezone": "UTC",
    "user_telephony_cost_max": 0,
}
"""What cannot be otherwise here: nobody expires, the log is kept so long (D-35), times are UTC (D-36), nobody is called. To say it again
changes nothing.
"""
_SWITCHES = ("push_enabled", "sms_enabled", "voice_enabled", "mobile_otp_enabled", "u2f_enabled")
"""Ways to authenticate, of which this directory has none; duo_client documents that they are ignored where they are set."""
_IGNORED = ("reactivation_url", "reactivation_integration_key")
"""Documented so, too."""
_ACCOUNT = "account_id"
"""Some clients name it in every call."""


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
    shown, _ = await call.services.admin.settings.version()
    return Ok({PENDING_DELETION_DAYS: shown.trash_days, **_FIXED, **dict.fromkeys(_SWITCHES, False)})


async def change_settings(call: Call) -> Ok:
    """Answers as `read_settings` does. Raises Rejected, before anything is changed, for a setting that is fixed, or that is none here."""
    given = call.parameters
    days = given.number(PENDING_DELETION_DAYS, low=LEAST_DAYS, high=MOST_DAYS)
    wanted = {*given.names} - {_ACCOUNT}
    for name in sorted(wanted - {PENDING_DELETION_DAYS, *_SWITCHES, *_IGNORED}):
        if name not in _FIXED:
            raise Rejected(f"this directory has no such setting: {PENDING_DELETION_DAYS} can be changed", field=name)
        if given.text(name) != str(_FIXED[name]):
            raise Rejected(f"it is {_FIXED[name]} here, and cannot be changed", field=name)
    if not wanted or PENDING_DELETION_DAYS in wanted:
        given.needed(PENDING_DELETION_DAYS)
    settings = call.services.admin.settings
    if days is not None and days != (await settings.version())[0].trash_days:
        await settings.keep_in_trash(days, by=call.by)
    return await read_settings(call)


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
