"""A tenant: its organization, users, groups and who is in what. No HTTP, no rendering.

Users and groups are dicts as Graph returns them, without the properties that are null. `version` grows with every change, so
that whoever derives something from a tenant knows when to derive it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

type Properties = dict[str, Any]


class Unknown(LookupError):
    """No user or group has this id."""


class Taken(ValueError):
    """Another user has this userPrincipalName already."""


@dataclass(frozen=True, slots=True)
class Organization:
    """Who the tenant is. `region_sub_scope` is "GCC", "DODCON" or "DOD" for government tenants (D-31)."""

    id: str
    name: str
    domain: str
    region_sub_scope: str = ""


@dataclass
class Tenant:
    organization: Organization
    users: dict[str, Properties] = field(default_factory=dict[str, Properties])
    groups: dict[str, Properties] = field(default_factory=dict[str, Properties])
    version: int = 0
    _members: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    _parents: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _by_upn: dict[str, str] = field(default_factory=dict[str, str])
    _transitive: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add_user(self, user: Properties) -> None:
        """Raises Taken where the userPrincipalName is somebody else's."""
        upn = str(user["userPrincipalName"]).casefold()
        if self._by_upn.setdefault(upn, user["id"]) != user["id"]:
            raise Taken(upn)
        self.users[user["id"]] = user
        self.version += 1

    def update_user(self, user_id: str, changes: Mapping[str, Any]) -> None:
        """Sets properties; null takes one away. Raises Unknown, Taken."""
        before = self.user(user_id)
        after = {name: value for name, value in {**before, **changes, "id": user_id}.items() if value is not None}
        del self._by_upn[before["userPrincipalName"].casefold()]
        try:
            self.add_user(after)
        except Taken:
            self._by_upn[before["userPrincipalName"].casefold()] = user_id
            raise

    def remove_user(self, user_id: str) -> None:
        user = self.user(user_id)
        del self._by_upn[user["userPrincipalName"].casefold()], self.users[user_id]
        self._leave_everything(user_id)

    def user(self, user_id: str) -> Properties:
        if (user := self.users.get(user_id)) is None:
            raise Unknown(user_id)
        return user

    def find_user(self, name: str) -> Properties | None:
        """The user of this object id or userPrincipalName, whatever its case."""
        return self.users.get(self._by_upn.get(name.casefold(), name)) or self.users.get(name.lower())

    def add_group(self, group: Properties) -> None:
        self.groups[group["id"]] = group
        self._members.setdefault(group["id"], {})
        self.version += 1

    def update_group(self, group_id: str, changes: Mapping[str, Any]) -> None:
        self.groups[group_id] = {**self.group(group_id), **changes, "id": group_id}
        self.version += 1

    def remove_group(self, group_id: str) -> None:
        self.group(group_id)
        del self.groups[group_id]
        for member in self._members.pop(group_id):
            self._parents[member].discard(group_id)
        self._leave_everything(group_id)

    def group(self, group_id: str) -> Properties:
        if (group := self.groups.get(group_id)) is None:
            raise Unknown(group_id)
        return group

    def find_group(self, group_id: str) -> Properties | None:
        return self.groups.get(group_id) or self.groups.get(group_id.lower())

    def join(self, group_id: str, members: Iterable[str]) -> None:
        """Makes users or groups direct members. Raises Unknown for a group or member that does not exist."""
        self.group(group_id)
        for member in members:
            if member not in self.users and member not in self.groups:
                raise Unknown(member)
            self._members[group_id][member] = None
            self._parents.setdefault(member, set()).add(group_id)
        self._membership_changed()

    def quit(self, group_id: str, members: Iterable[str]) -> None:
        """Ends direct memberships; who is no member stays none."""
        self.group(group_id)
        for member in members:
            self._members[group_id].pop(member, None)
            self._parents.get(member, set()).discard(group_id)
        self._membership_changed()

    def direct_members(self, group_id: str) -> list[str]:
        self.group(group_id)
        return list(self._members[group_id])

    def direct_groups(self, member: str) -> set[str]:
        return set(self._parents.get(member, ()))

    def transitive_users(self, group_id: str) -> list[str]:
        """Ids of all users below a group, cycles and repeats resolved, in the order of ids. Computed once per change of memberships."""
        self.group(group_id)
        if (known := self._transitive.get(group_id)) is None:
            below = _closure(group_id, self._members)
            known = self._transitive[group_id] = sorted(member for member in below if member in self.users)
        return known

    def transitive_groups(self, member: str) -> set[str]:
        """Ids of all groups that a user or group is in, directly or through others."""
        return _closure(member, self._parents) - {member}

    def _leave_everything(self, member: str) -> None:
        for group_id in self._parents.pop(member, set()):
            self._members[group_id].pop(member, None)
        self._membership_changed()

    def _membership_changed(self) -> None:
        self._transitive.clear()
        self.version += 1


def _closure(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    seen = {start}
    waiting = [start]
    while waiting:
        for reached in edges.get(waiting.pop(), ()):
            if reached not in seen:
                seen.add(reached)
                if reached in edges:
                    waiting.append(reached)
    return seen
