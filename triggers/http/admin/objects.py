"""The objects of the Admin API, field by field (admin-api.md §4). Times are Unix seconds; what this product has not is empty."""

from datetime import datetime

from sync_core.directory.attributes import MAX_ALIASES
from sync_core.directory.groups import Group
from sync_core.directory.phones import Phone
from sync_core.directory.users import User
from sync_core.management.showing import NamedGroup, Shown

_OLD_ALIASES = 4
"""alias1 to alias4 were all there were once (E-17)."""

type Object = dict[str, object]


def user_object(shown: Shown) -> Object:
    user = shown.user
    key, hold = next(iter(sorted(user.held_by.items())), (None, None))
    return {
        "user_id": user.user_id,
        "username": user.last_username,
        **{f"alias{n}": user.aliases.get(str(n)) for n in range(1, _OLD_ALIASES + 1)},
        "aliases": {f"alias{n}": user.aliases[str(n)] for n in range(1, MAX_ALIASES + 1) if str(n) in user.aliases},
        "realname": user.realname,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "email": user.email,
        "status": user_status(user),
        "notes": user.notes,
        "is_enrolled": any(phone.activated for phone in user.phones),
        "enable_auto_prompt": True,
        "created": seconds(user.created_at),
        "last_login": None,
        "last_directory_sync": seconds(user.synced_at),
        "directory_key": key,
        "external_id": hold.object_id if hold is not None else None,
        "lockout_reason": user.lockout_reason or None,
        "groups": [group_object(*named) for named in shown.groups],
        "phones": [phone_object(phone) for phone in user.phones],
        "tokens": [],
        "u2ftokens": [],
        "webauthncredentials": [],
        "desktop_tokens": [],
        "desktoptokens": [],
        "custom_attributes": user.custom_attributes,
    }


def user_status(user: User) -> str:
    if user.in_trash:
        return "pending deletion"
    return "locked out" if user.lockout_reason else user.status.value


def user_reference(user: User) -> Object:
    return {"user_id": user.user_id, "username": user.last_username}


def group_object(group: Group, name: str) -> Object:
    return {
        "group_id": group.group_id,
        "name": name,
        "desc": group.description,
        "status": group.status.value.title(),
        "directory_key": group.sync or None,
        "push_enabled": True,
        "sms_enabled": True,
        "voice_enabled": True,
        "mobile_otp_enabled": True,
        "u2f_enabled": True,
    }


def group_with_users(named: NamedGroup, users: list[User]) -> Object:
    return group_object(*named) | {"users": [user_reference(user) for user in users]}


def phone_object(phone: Phone) -> Object:
    return {
        "phone_id": phone.phone_id,
        "number": phone.number,
        "extension": phone.extension,
        "name": phone.name,
        "type": phone.type.value,
        "platform": phone.platform,
        "activated": phone.activated,
        "sms_passcodes_sent": False,
        "predelay": phone.predelay,
        "postdelay": phone.postdelay,
        "model": "",
        "capabilities": ["auto", "push", "sms", "phone", "mobile_otp"] if phone.activated else ["sms", "phone"] if phone.number else [],
        "encrypted": "",
        "fingerprint": "",
        "screenlock": "",
        "tampered": "",
        "last_seen": "",
        "directory_key": phone.sync or None,
    }


def phone_with_users(phone: Phone, users: list[Shown]) -> Object:
    return phone_object(phone) | {"users": [user_object(shown) for shown in users]}


def seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at is not None else None
