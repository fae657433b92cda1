"""Which names change hands in a plan: claimed by those who get them, given up by those in Trash, repaired where a dead run took them."""

from collections import defaultdict
from collections.abc import Mapping

from sync_core.directory.users import Status
from sync_core.planning.changes import NameMove, Repair
from sync_core.planning.identity import Match, Stored, is_its_user
from sync_core.planning.reading import Indexed
from sync_core.planning.settle import Writer, live_holds, read_later


class Handover:
    """`matches` are those who write, `going` the leavers, both by user id and as they stand when it is asked."""

    def __init__(self, stored: Stored, writer: Writer, matches: Mapping[str, Match], going: Mapping[str, Indexed]) -> None:
        self._stored, self._writer, self._matches, self._going = stored, writer, matches, going

    def yields_names(self, user_id: str) -> bool:
        """Whether the user is in Trash, or goes there in this run: it keeps a name only until somebody wants it (D-07)."""
        record = self._stored.records.get(user_id)
        if record is None:
            return False
        if record.status is Status.PENDING_DELETION:
            return user_id not in self._matches
        if user_id not in self._going or not is_its_user(self._going[user_id], self._stored, self._writer):
            return False
        held_here_only = live_holds(record, self._writer.existing).keys() == {self._writer.directory_key}
        return held_here_only and not read_later(record, self._writer)

    def given_up(self, wanted: dict[str, str]) -> dict[str, tuple[str, ...]]:
        """The digests that users in Trash give up to others, by user id; also those that a dead run had given to others already. What one
        that goes on gives to others, it writes itself, or gives up.
        """
        found: defaultdict[str, list[str]] = defaultdict(list)
        for key in self._stored.claims:
            if key not in wanted and self._stored.on_its_way(key):
                continue
            taker = wanted[key] if key in wanted else self._stored.holder(key)
            for user_id in self._stored.listing(key):
                if user_id != taker and self.yields_names(user_id):
                    found[user_id].append(key)
        return {user_id: tuple(digests) for user_id, digests in found.items()}

    def moves(self, found: Match) -> tuple[NameMove, ...]:
        """Somebody whom this sync does not hold until now claims even its own names anew: from then on nobody edits or takes them, neither
        of an unmanaged user nor out of Trash, nor as it leaves another sync for there (B-010, D-06, D-07).

        So is a name that a dead run had claimed for it and its record does not list: as long as that claim stands, it is anybody's to take.
        """
        before = found.before
        listed = before.name_digests if before is not None else {}
        unguarded = before is not None and (before.in_trash or self._writer.directory_key not in before.held_by)
        moves: list[NameMove] = []
        for key, name in found.wanted:
            owner = self._stored.owner(key)
            if owner != found.user_id or unguarded or key not in listed:
                holder = self._stored.holder_for(found.user_id, key)
                moves.append(NameMove(key, name, owner, holder, self._stored.claimed_by(key)))
        return tuple(moves)

    def repairs(self, wanted: dict[str, str]) -> list[Repair]:
        """Claims that point past their holder and that no change of this plan takes over."""
        found: list[Repair] = []
        for key, claim in self._stored.claims.items():
            holder = self._stored.holder(key)
            if key not in wanted and holder != claim.owner:
                frees = holder in self._matches and not self._matches[holder].lists(key)
                found.append(Repair(key, claim.owner, "" if frees else holder))
        return found
