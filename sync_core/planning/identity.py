"""Which user here a user of the source is: by object id in its own sync, then in others of the tenant, then by username (D-06)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from sync_core.directory.attributes import Mapped
from sync_core.directory.lookups import Pointer
from sync_core.directory.names import digest
from sync_core.directory.users import Status, User, called
from sync_core.planning.claims import NOBODY, Alive, Claim, holder, wanted_names
from sync_core.planning.reading import Candidate, Indexed
from sync_core.planning.reasons import Reason
from sync_core.planning.settle import Writer, live_holds, read_later


@dataclass(frozen=True, slots=True)
class Stored:
    """What the directory says about everybody whom the plan has to look at."""

    records: Mapping[str, User] = field(default_factory=dict[str, User])
    """By user id: of candidates and leavers, and of all whom the claims name."""
    claims: Mapping[str, Claim] = field(default_factory=dict[str, Claim])
    """By digest: of every name that a candidate wants, and of those that a dead run had claimed."""
    elsewhere: Mapping[str, str] = field(default_factory=dict[str, str])
    """User id by object id, as other syncs of the same tenant know them (D-06)."""
    making: Mapping[str, str] = field(default_factory=dict[str, str])
    """User id by object id, of users in the making: by runs that go on, and individual syncs, of the tenant's syncs with lower keys; of
    those that somebody makes in the own sync, that one: it has looked at the other syncs, and they wait for it."""
    group_names: Mapping[str, str] = field(default_factory=dict[str, str])
    disabled_groups: frozenset[str] = frozenset()
    """Ids of the groups whose status is disabled: they block their members (B-157)."""
    own_groups: frozenset[str] = frozenset()
    """Ids of all groups that the sync keeps, those not selected any more too."""
    relink: bool = False
    """Whether users that the sync brought from another tenant are found again by their usernames (D-08)."""
    confirmed: Mapping[str, str] = field(default_factory=dict[str, str])
    """User id by object id of the takeovers that an admin confirmed although they enable somebody who is disabled here (D-05)."""
    points: Mapping[str, frozenset[Pointer]] = field(default_factory=dict[str, frozenset[Pointer]])
    """By user id: what runs that did not end cleanly were to bring after the records."""
    regrouped: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """By user id: ids of the groups, of syncs or not, whose member rows runs that did not end cleanly were to bring after the records."""
    shared: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By name, as compared: object id to username of users of the source whom the last full run left out because they share it. For
    an individual sync, which has not read them (D-04)."""
    alive: Alive = NOBODY
    """Other runs that go on, and edits: what they have claimed is theirs."""

    def owner(self, key: str) -> str:
        """The user that claims the name of this digest, rightly or not; "" for nobody."""
        claim = self.claims.get(key)
        return claim.owner if claim is not None else ""

    def claimed_by(self, key: str) -> str:
        """The run or edit that claimed the name of this digest; "" for none."""
        claim = self.claims.get(key)
        return claim.run if claim is not None else ""

    def holder(self, key: str) -> str:
        """The user that holds the name of this digest; "" for nobody."""
        return holder(self.claims.get(key), key, self.records, self.alive)

    def holder_for(self, user_id: str, key: str) -> str:
        """As `holder`, before the user takes the name. What somebody alive has claimed for that same user proves nothing until its record
        lists it: it may be given up again, and whoever had the name keeps it.
        """
        return holder(self.claims.get(key), key, self.records, NOBODY if self.owner(key) == user_id else self.alive)

    def on_its_way(self, key: str) -> str:
        """The user to whose record somebody else may be about to write the name of this digest; "" for none. It is nobody else's then,
        even where that user's record lists it today and would give it up.
        """
        claim = self.claims.get(key)
        if claim is None or claim.run not in self.alive:
            return ""
        record = self.records.get(claim.owner)
        listed = record is not None and key in record.name_digests
        return claim.owner if not listed or self.alive.may_write(claim.run) else ""

    def listing(self, key: str) -> list[str]:
        """Of the users that the name's claim names, those whose records list it: two when a dead run had given it to another."""
        claim = self.claims.get(key)
        named = (claim.owner, claim.was) if claim is not None else ()
        return [user_id for user_id in named if user_id in self.records and key in self.records[user_id].name_digests]

    def called(self, user_id: str) -> str:
        """A user as a person would know it, with its id."""
        return called(self.records.get(user_id), user_id)


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate, and the user that it is or will be."""

    candidate: Candidate
    user_id: str
    before: User | None
    repoint: bool
    wanted: tuple[tuple[str, str], ...]
    """Digest and spelling of the names that it would claim."""
    kept: frozenset[str]
    """Digests of other names that its record would go on listing: those given by hand in positions the sync does not map (B-051)."""

    def lists(self, key: str) -> bool:
        """Whether its record would list the name of this digest."""
        return key in self.kept or any(key == wanted for wanted, _ in self.wanted)

    @property
    def object_id(self) -> str:
        return self.candidate.user.object_id

    @property
    def username(self) -> str:
        """As it is known today."""
        return self.before.username if self.before is not None else self.candidate.mapped.username


_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    user_id: str
    reason: Reason
    detail: str
    takes: str = ""
    """The user that it would take over once that is confirmed."""


def match(candidate: Candidate, stored: Stored, writer: Writer, new_user_id: Callable[[], str]) -> Match | Refused:
    user_id, repoint = _identify(candidate, stored, writer)
    before = stored.records.get(user_id)
    if before is not None and before.status is Status.PURGING:
        return Refused(user_id, Reason.PURGING, f"{before.last_username} is being deleted")
    if before is not None and enables_by_takeover(before, candidate, stored, writer) and not _is_confirmed(user_id, candidate, stored):
        detail = f"{before.username} ({user_id}) is disabled here and no sync manages it"
        return Refused("", Reason.DISABLED_HERE, detail, takes=user_id)
    if writer.individual:
        candidate = _with_its_username(candidate, before)
    wanted, kept = _names(candidate.mapped, before, stored, writer)
    return Match(candidate, user_id or new_user_id(), before, repoint, tuple(wanted.items()), kept)


def told_apart(one: Match, other: Match, writer: Writer, new_user_id: Callable[[], str]) -> tuple[Match, Match]:
    """Of two objects that come to one user, the one that it is by its object id, and the other as somebody new: a username counts for
    less (D-06, D-02).
    """
    it, new = (one, other) if one.before is not None and agrees(one.before, one.object_id, writer) else (other, one)
    wanted, repoint = tuple(wanted_names(new.candidate.mapped).items()), new.candidate.indexed is not None
    return it, Match(new.candidate, new_user_id(), None, repoint, wanted, _NONE)


def _with_its_username(candidate: Candidate, before: User | None) -> Candidate:
    """An individual sync changes no username. Without a fingerprint the next full run finds that it differs, and renames (D-02)."""
    if before is None or before.username in ("", candidate.mapped.username):
        return candidate
    mapped = msgspec.structs.replace(candidate.mapped, username=before.username)
    return replace(candidate, mapped=mapped, fingerprint="")


def _names(mapped: Mapped, before: User | None, stored: Stored, writer: Writer) -> tuple[dict[str, str], frozenset[str]]:
    """`Match.wanted` and `kept`: what settling will do. A record that was read later changes only its username, by claim (D-16)."""
    if before is None:
        return wanted_names(mapped), _NONE
    if not read_later(before, writer):
        by_hand = (name for position, name in before.aliases.items() if position not in mapped.aliases)
        return wanted_names(mapped), frozenset(map(digest, by_hand))
    username = digest(mapped.username)
    if stored.owner(username) == before.user_id:
        return {}, frozenset(before.name_digests)
    return {username: mapped.username}, frozenset(map(digest, before.aliases.values()))


def _identify(candidate: Candidate, stored: Stored, writer: Writer) -> tuple[str, bool]:
    """The user id ("" for a new one), and whether a row of Objects that there is has to be claimed anew for it.

    Rows of Objects are believed as far as the record agrees: one that a dead run claimed proves nothing, and holds off no other sync.
    """
    object_id, claimed = candidate.user.object_id, candidate.indexed.user_id if candidate.indexed is not None else ""
    for user_id in (claimed, stored.elsewhere.get(object_id, "")):
        record = stored.records.get(user_id)
        if record is not None and agrees(record, object_id, writer):
            return user_id, claimed not in ("", user_id)
    if making := stored.making.get(object_id, ""):
        return making, claimed not in ("", making)
    user_id = _by_username(candidate.mapped, object_id, stored, writer)
    if not user_id and claimed not in stored.records:
        return claimed, claimed != ""
    return user_id, claimed != ""


def agrees(record: User, object_id: str, writer: Writer) -> bool:
    """Whether the record is the object's user: a sync of the tenant holds it as that, or, in Trash, nobody holds it any more.

    So does this sync itself since it was another tenant's (D-08).
    """
    return record.in_trash or any(
        hold.object_id == object_id and (hold.tenant_id == writer.tenant_id or key == writer.directory_key)
        for key, hold in record.held_by.items()
    )


def is_its_user(leaver: Indexed, stored: Stored, writer: Writer) -> bool:
    """Whether the user that the index names is the leaver's, as `agrees` tells."""
    record = stored.records.get(leaver.user_id)
    return record is not None and agrees(record, leaver.object_id, writer)


def strays(leavers: Iterable[Indexed], told: Collection[str], stored: Stored, writer: Writer) -> list[Indexed]:
    """Of the leavers that are not `told`, by object id, because their user has another change: those whose user is another object's."""
    others = (leaver for leaver in leavers if leaver.object_id not in told and leaver.user_id in stored.records)
    return [leaver for leaver in others if not is_its_user(leaver, stored, writer)]


def _by_username(mapped: Mapped, object_id: str, stored: Stored, writer: Writer) -> str:
    """The user with this username that may become the object's: unmanaged (B-010), or held for other tenants only (B-011).

    Not one in Trash (D-02, D-07), not one that has the name as an alias (D-04), not another object of this tenant (D-02); one that this
    sync brought from another tenant only where that is asked for, for who has a name there may be somebody else here (D-08).
    """
    key = digest(mapped.username)
    user_id = stored.holder(key)
    record = stored.records.get(user_id)
    if record is None or record.in_trash or digest(record.username) != key:
        return ""
    holds = live_holds(record, writer.existing)
    own = holds.get(writer.directory_key)
    if own is not None and own.tenant_id != writer.tenant_id and not stored.relink:
        return ""
    same_tenant = {hold.object_id for hold in holds.values() if hold.tenant_id == writer.tenant_id}
    return user_id if same_tenant <= {object_id} else ""


def _is_confirmed(user_id: str, candidate: Candidate, stored: Stored) -> bool:
    return stored.confirmed.get(candidate.user.object_id) == user_id


def enables_by_takeover(before: User, candidate: Candidate, stored: Stored, writer: Writer) -> bool:
    """Somebody disabled here, by the user's own status or by a group that a takeover would end (D-05, B-173)."""
    managed = before.in_trash or live_holds(before, writer.existing)
    disabled = before.status is Status.DISABLED or not stored.disabled_groups.isdisjoint(before.groups)
    return not managed and disabled and candidate.user.enabled
