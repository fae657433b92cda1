"""Who gets a name that several want: swaps and chains go through in one run, everything else is a conflict in words (D-02..D-04, D-07)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sync_core.planning.identity import Match, Stored
from sync_core.planning.reasons import Reason


@dataclass(frozen=True, slots=True)
class Lost:
    match: Match
    reason: Reason
    detail: str


def contend(matches: Mapping[str, Match], stored: Stored, yields: Callable[[str], bool], held: Collection[str] = ()) -> list[Lost]:
    """The matches that cannot have all names they want. `matches` by user id; `yields` tells who gives up any name somebody wants,
    `held` are those of whom the brake holds back what they would do.

    A name is free when nobody holds it, when its holder yields, or when its holder is itself a match whose record would not
    list it any more; but not while somebody else is about to write it to another user. A match that loses keeps its names, so
    whoever waited for one of them loses too; one in Trash, which then stays there, gives them up all the same (D-07).
    """
    waiting: defaultdict[str, list[Match]] = defaultdict(list)
    pending: list[Lost] = []
    for match in matches.values():
        for key, name in match.wanted:
            holder, coming_to = stored.holder_for(match.user_id, key), stored.on_its_way(key)
            taken = coming_to not in ("", match.user_id)
            if not taken and (holder in ("", match.user_id) or yields(holder)):
                continue
            other = matches.get(holder)
            if not taken and other is not None and not other.lists(key):
                waiting[holder].append(match)
            else:
                reason = Reason.NEEDS_HELD if holder in held else Reason.NAME_IN_USE
                pending.append(Lost(match, reason, f"{name} belongs to {stored.called(holder)}"))
    lost: dict[str, Lost] = {}
    while pending:
        loss = pending.pop()
        if loss.match.user_id in lost:
            continue
        lost[loss.match.user_id] = loss
        if loss.match.before is not None and loss.match.before.in_trash:
            continue
        kept = f"{loss.match.username} ({loss.match.user_id}) is skipped and keeps its names"
        pending += [Lost(other, Reason.HOLDER_SKIPPED, kept) for other in waiting[loss.match.user_id]]
    return list(lost.values())
