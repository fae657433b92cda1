"""Changes a tenant while it runs, as its administrators would.

A user is named by id or userPrincipalName, a group by id or display name. Every method raises Unknown for a name that nobody has.
"""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from local.tenant.generation import guid, new_group, new_user
from local.tenant.model import Properties, Tenant, Unknown


class Control:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._random = Random(tenant.organization.id)
        self._hired = 0

    def hire(self, name: str, *, groups: Iterable[str] = (), properties: Mapping[str, Any] | None = None) -> Properties:
        """A new account, with all that one usually has; `properties` overrides any of it, null takes it away. Raises Taken."""
        found = [self.group(group)["id"] for group in groups]
        given, _, surname = name.rpartition(" ")
        self._hired += 1
        number = len(self._tenant.users) + self._hired
        made = new_user(self._random, number, given or name, surname, domain=self._tenant.organization.domain)
        user = {key: value for key, value in {**made, "displayName": name, **(properties or {})}.items() if value is not None}
        self._tenant.add_user(user)
        for group in found:
            self._tenant.join(group, [user["id"]])
        return user

    def leave(self, user: str) -> None:
        """Deletes the account."""
        self._tenant.remove_user(self.user(user)["id"])

    def rename(self, user: str, name: str, *, upn: str = "") -> Properties:
        """A new display name; with `upn` also a new userPrincipalName and mail, the old mail kept as a proxy address. Raises Taken."""
        before = self.user(user)
        changes: dict[str, Any] = {"displayName": name, "surname": name.rpartition(" ")[2]}
        if upn:
            changes["userPrincipalName"] = upn
        if upn and "mail" in before:
            changes["mail"] = upn.lower()
            changes["proxyAddresses"] = [f"SMTP:{upn.lower()}", f"smtp:{before['mail']}"]
        return self.update(before["id"], changes)

    def update(self, user: str, changes: Mapping[str, Any]) -> Properties:
        """Sets any properties; null takes one away. Raises Taken."""
        user_id = self.user(user)["id"]
        self._tenant.update_user(user_id, changes)
        return self._tenant.user(user_id)

    def disable(self, user: str) -> Properties:
        return self.update(user, {"accountEnabled": False})

    def enable(self, user: str) -> Properties:
        return self.update(user, {"accountEnabled": True})

    def move(self, user: str, *, leaving: str, joining: str) -> None:
        """Out of one group and into another."""
        member, old, new = self.user(user)["id"], self.group(leaving)["id"], self.group(joining)["id"]
        self._tenant.quit(old, [member])
        self._tenant.join(new, [member])

    def join(self, group: str, members: Iterable[str]) -> None:
        """Adds users or groups as direct members."""
        self._tenant.join(self.group(group)["id"], [self._member(member) for member in members])

    def quit(self, group: str, members: Iterable[str]) -> None:
        """Ends direct memberships of users or groups."""
        self._tenant.quit(self.group(group)["id"], [self._member(member) for member in members])

    def create_group(self, name: str, members: Iterable[str] = ()) -> Properties:
        found = [self._member(member) for member in members]
        group = new_group(guid(self._random), name)
        self._tenant.add_group(group)
        self._tenant.join(group["id"], found)
        return group

    def update_group(self, group: str, changes: Mapping[str, Any]) -> Properties:
        group_id = self.group(group)["id"]
        self._tenant.update_group(group_id, changes)
        return self._tenant.group(group_id)

    def rename_group(self, group: str, name: str) -> Properties:
        return self.update_group(group, {"displayName": name})

    def delete_group(self, group: str) -> None:
        self._tenant.remove_group(self.group(group)["id"])

    def user(self, name: str) -> Properties:
        if (user := self._tenant.find_user(name)) is None:
            raise Unknown(name)
        return user

    def group(self, name: str) -> Properties:
        if group := self._tenant.find_group(name):
            return group
        named = [group for group in self._tenant.groups.values() if group["displayName"] == name]
        if not named:
            raise Unknown(name)
        return named[0]

    def _member(self, name: str) -> str:
        found = self._tenant.find_user(name) or self.group(name)
        return found["id"]
