"""What each method of the official client answers, field by field: no field missing, none unknown, each of its type (admin-api.md §4)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sync_core.directory.admins import AdminStatus
from sync_core.directory.events import Happening
from sync_core.directory.phones import PhoneType
from sync_core.directory.roles import Role


def _id(prefix: str) -> Meta:
    return Meta(pattern=f"^{prefix}[2-7A-Z]{{18}}$")


type UserId = Annotated[str, _id("DU")]
type GroupId = Annotated[str, _id("DG")]
type PhoneId = Annotated[str, _id("DP")]
type AdminId = Annotated[str, _id("DE")]
type DirectoryKey = Annotated[str, _id("DK")]
type Seconds = Annotated[int, Meta(ge=1_500_000_000, le=4_000_000_000)]
"""Since 1970; in milliseconds it would be more."""
type BypassCode = Annotated[str, Meta(pattern="^[0-9]{9}$")]
type Nothing = Literal[""]
type Empty = Annotated[list[Any], Meta(max_length=0)]
type Text = Annotated[str, Meta(min_length=1)]


class Exactly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every field that has no default has to be there."""


class Group(Exactly, frozen=True):
    group_id: GroupId
    name: Text
    desc: str
    status: Literal["Active", "Bypass", "Disabled"]
    directory_key: DirectoryKey | None
    push_enabled: bool
    sms_enabled: bool
    voice_enabled: bool
    mobile_otp_enabled: bool
    u2f_enabled: bool


class UserReference(Exactly, frozen=True):
    user_id: UserId
    username: str


class ReadGroup(Group, frozen=True):
    users: list[UserReference] | msgspec.UnsetType = msgspec.UNSET
    """In version 1 only."""


class OwnPhone(Exactly, frozen=True):
    """A phone in its user's object."""

    phone_id: PhoneId
    number: str
    extension: str
    name: str
    type: PhoneType
    platform: str
    activated: bool
    sms_passcodes_sent: bool
    predelay: str
    postdelay: str
    model: str
    capabilities: list[Literal["auto", "push", "sms", "phone", "mobile_otp"]]
    encrypted: str
    fingerprint: str
    screenlock: str
    tampered: str
    last_seen: str
    directory_key: DirectoryKey | None


class User(Exactly, frozen=True):
    user_id: UserId
    username: str
    alias1: str | None
    alias2: str | None
    alias3: str | None
    alias4: str | None
    aliases: dict[Annotated[str, Meta(pattern="^alias[1-8]$")], str]
    realname: str
    firstname: str
    lastname: str
    email: str
    status: Literal["active", "bypass", "disabled", "locked out", "pending deletion"]
    notes: str
    is_enrolled: bool
    enable_auto_prompt: bool
    created: Seconds
    last_login: None
    last_directory_sync: Seconds | None
    directory_key: DirectoryKey | None
    external_id: str | None
    lockout_reason: str | None
    groups: list[Group]
    phones: list[OwnPhone]
    tokens: Empty
    u2ftokens: Empty
    webauthncredentials: Empty
    desktop_tokens: Empty
    desktoptokens: Empty
    custom_attributes: dict[str, str]


class Phone(OwnPhone, frozen=True):
    users: list[User]


class Code(Exactly, frozen=True):
    bypass_code_id: Annotated[str, _id("DB")]
    admin_email: Text
    created: Seconds
    expiration: Seconds | None
    reuse_count: int | None
    user: UserReference


class Admin(Exactly, frozen=True):
    admin_id: AdminId
    name: Text
    email: Text
    phone: str
    role: Role
    status: AdminStatus
    restricted_by_admin_units: bool
    admin_units: Empty
    last_login: None
    created: Seconds
    password_change_required: bool
    hardtoken: None
    subaccount_role: None
    directory_key: DirectoryKey | None


class Link(Exactly, frozen=True):
    admin_role: Role
    code: Text
    email: Text
    email_sent: bool
    expires: Seconds
    link: Annotated[str, Meta(pattern="^https?://[^/]+/activate/.")]
    message: Text
    subject: Text
    valid_days: Annotated[int, Meta(ge=1, le=31)]


class AdminLink(Link, frozen=True):
    admin_id: AdminId


class Activation(Link, frozen=True):
    admin_activation_id: Text


class LogRow(Exactly, frozen=True):
    action: Happening
    description: str | None
    isotimestamp: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")]
    object: str | None
    timestamp: Seconds
    username: Text
    eventtype: Literal["administrator"]
    """The client's own, as is `host`."""
    host: Text


class Actor(Exactly, frozen=True):
    details: None
    key: str | None
    name: Text
    type: Literal["api", "system", "admin"]


class Application(Exactly, frozen=True):
    key: str | None
    name: str | None
    type: Literal["adminapi"] | None


class Target(Exactly, frozen=True):
    details: str | None
    key: str | None
    name: str | None
    type: Text


class Activity(Exactly, frozen=True):
    access_device: Annotated[dict[str, Any], Meta(max_length=0)]
    action: Happening
    activity_id: Text
    actor: Actor
    akey: Nothing
    application: Application
    target: Target
    ts: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$")]
    eventtype: Literal["activity"]
    host: Text


class Total(Exactly, frozen=True):
    relation: Literal["eq", "gt"]
    value: int


class Cursor(Exactly, frozen=True):
    next_offset: str | None
    total_objects: Total


class Activities(Exactly, frozen=True):
    items: list[Activity]
    metadata: Cursor


class Summary(Exactly, frozen=True):
    admin_count: int
    integration_count: int
    telephony_credits_remaining: Literal[0]
    user_count: int
    user_pending_deletion_count: int


class Settings(Exactly, frozen=True):
    pending_deletion_days: Annotated[int, Meta(ge=1, le=90)]
    inactive_user_expiration: Literal[0]
    log_retention_days: Literal[400]
    user_telephony_cost_max: Literal[0]
    push_enabled: Literal[False]
    sms_enabled: Literal[False]
    voice_enabled: Literal[False]
    mobile_otp_enabled: Literal[False]
    u2f_enabled: Literal[False]
    timezone: Literal["UTC"]


class SyncedGroup(Exactly, frozen=True):
    group_id: GroupId
    name: Text
    object_id: Text


class Sync(Exactly, frozen=True):
    directory_key: DirectoryKey
    name: Text
    directory_type: Literal["azure"]
    connection_id: Text
    tenant_id: Text
    created: Seconds
    groups: list[SyncedGroup]


class Synced(Exactly, frozen=True):
    message: Text
    user: User


ANSWERS: dict[str, Any] = {
    **dict.fromkeys(["add_user", "update_user", "get_user_by_id"], User),
    **dict.fromkeys(
        ["get_users", "get_users_iterator", "get_users_by_name", "get_users_by_names", "get_users_by_ids", "get_user_by_email"], list[User]
    ),
    "delete_user": Nothing,
    "enroll_user": Annotated[str, Meta(pattern=r"^DU[2-7A-Z]{18}\.\d+\..")],
    "sync_user": Synced,
    **dict.fromkeys(["create_group", "modify_group"], Group),
    "get_group": ReadGroup,
    **dict.fromkeys(
        ["get_groups", "get_groups_generator", "get_groups_by_group_ids", "get_user_groups", "get_user_groups_iterator"], list[Group]
    ),
    **dict.fromkeys(["get_group_users", "get_group_users_iterator"], list[UserReference]),
    **dict.fromkeys(["delete_group", "add_user_group", "delete_user_group"], Nothing),
    **dict.fromkeys(["add_phone", "update_phone", "get_phone_by_id"], Phone),
    **dict.fromkeys(["get_phones", "get_phones_generator", "get_phones_by_number"], list[Phone]),
    **dict.fromkeys(["get_user_phones", "get_user_phones_iterator"], list[OwnPhone]),
    **dict.fromkeys(["delete_phone", "add_user_phone", "delete_user_phone"], Nothing),
    "add_user_bypass_codes": list[BypassCode],
    **dict.fromkeys(
        ["get_user_bypass_codes", "get_user_bypass_codes_iterator", "get_bypass_codes", "get_bypass_codes_generator"], list[Code]
    ),
    "delete_bypass_code_by_id": Nothing,
    **dict.fromkeys(["add_admin", "update_admin", "get_admin", "reset_admin"], Admin),
    **dict.fromkeys(["get_admins", "get_admins_iterator"], list[Admin]),
    "delete_admin": Nothing,
    "activate_admin": Activation,
    "get_administrator_log": list[LogRow],
    "get_activity_logs": Activities,
    "get_info_summary": Summary,
    **dict.fromkeys(["get_settings", "update_settings"], Settings),
    **dict.fromkeys(
        [
            "get_administrative_units",
            "get_administrative_units_iterator",
            "get_desktoptokens",
            "get_desktoptokens_generator",
            "get_tokens",
            "get_tokens_by_serial",
            "get_tokens_generator",
            "get_u2ftokens",
            "get_u2ftokens_iterator",
            "get_user_tokens",
            "get_user_tokens_iterator",
            "get_user_u2ftokens",
            "get_user_u2ftokens_iterator",
            "get_user_webauthncredentials",
            "get_user_webauthncredentials_iterator",
            "get_webauthncredentials",
            "get_webauthncredentials_iterator",
        ],
        Empty,
    ),
}
"""By method of the client: all that this product serves."""

ANSWERS_BY_PATH: dict[tuple[str, str], Any] = {
    ("POST", "/admin/v1/users/bulk_create"): list[User],
    ("POST", "/admin/v1/users/bulk_send_to_trash"): list[User],
    ("POST", "/admin/v1/users/bulk_restore"): list[User],
    ("GET", "/admin/v1/users/directorysync"): list[Sync],
    ("GET", "/admin/v1/users/directorysync/{directory_key}"): Sync,
    ("GET", "/admin/v1/bypass_codes/{code_id}"): Code,
    ("GET", "/admin/v1/admins/activations"): list[Activation],
    ("DELETE", "/admin/v1/admins/activations/{activation_id}"): Nothing,
    ("POST", "/admin/v1/admins/{admin_id}/activation_link"): AdminLink,
    ("DELETE", "/admin/v1/admins/{admin_id}/activation_link"): Nothing,
    ("POST", "/admin/v1/admins/{admin_id}/activation_link/email"): AdminLink,
}
"""By path: what the client has no method for."""


def check(answer: object, shape: Any) -> None:
    """Raises ValidationError, which names the field. Strict: a number is no text, and true is no number."""
    msgspec.convert(answer, shape, strict=True)
