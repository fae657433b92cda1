"""Reads a tenant from a folder of JSON as Graph returns it, so that an exported one can be replayed.

`users.json` and `groups.json` are lists (or Graph's collections with their list in `value`), `members.json` maps a group's id to
the ids of its direct members, nested groups among them. `organization.json`, Graph's organization, is optional.
"""

import uuid
from pathlib import Path
from typing import Any

import msgspec

from local.tenant.model import Organization, Properties, Tenant


class Unreadable(ValueError):
    """A file of the folder is missing or is not what it should be."""


def load(folder: Path) -> Tenant:
    """Members that are neither users nor groups (devices, service principals) are left out. Raises Unreadable, Taken."""
    users = _resources(folder / "users.json", "userPrincipalName")
    groups = _resources(folder / "groups.json", "displayName")
    tenant = Tenant(_organization(folder / "organization.json", users))
    for user in users:
        tenant.add_user(user)
    for group in groups:
        tenant.add_group(group)
    members_of: dict[str, list[str]] = _decoded(folder / "members.json", dict[str, list[str]])
    for group_id, members in members_of.items():
        if group_id not in tenant.groups:
            raise Unreadable(f"members.json names the group {group_id}, which groups.json does not have")
        tenant.join(group_id, [member for member in members if member in tenant.users or member in tenant.groups])
    return tenant


def _resources(path: Path, required: str) -> list[Properties]:
    resources = _listed(path)
    for index, resource in enumerate(resources):
        for name in ("id", required):
            if not isinstance(resource.get(name), str):
                raise Unreadable(f"{path.name}: entry {index} has no {name}")
    return [{name: value for name, value in one.items() if value is not None and "@odata." not in name} for one in resources]


def _organization(path: Path, users: list[Properties]) -> Organization:
    """Without a file: named for the domain of the first user, with an id made of that."""
    if not path.exists():
        domain = users[0]["userPrincipalName"].rpartition("@")[2] if users else "contoso.example"
        return Organization(id=str(uuid.uuid5(uuid.NAMESPACE_DNS, domain)), name=domain, domain=domain)
    one = _listed(path)[0]
    domains: list[dict[str, Any]] = one.get("verifiedDomains") or []
    default = next((domain["name"] for domain in domains if domain.get("isDefault")), "")
    return Organization(id=one["id"], name=one["displayName"], domain=default)


class _Collection(msgspec.Struct):
    value: list[Properties]


def _listed(path: Path) -> list[Properties]:
    content: list[Properties] | _Collection = _decoded(path, list[dict[str, Any]] | _Collection)
    return content.value if isinstance(content, _Collection) else content


def _decoded(path: Path, shape: Any) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise Unreadable(f"{path.name}: {error}") from error
