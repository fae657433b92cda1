"""Who writes to the log under which source and sequence. A row there is named by these two and its time: written again it is overwritten,
and so would be whatever somebody else wrote under the same. Whoever writes takes them from here.
"""

type Source = tuple[str, int]

_GROUPS_MADE, _GROUPS_RETIRED, _FIRST_SKIPS, _FRAME = 0, 1, 2, 900_000
"""Sequences of what a run, full or of individual users, tells under its own code."""


def groups_made(run: str) -> Source:
    return run, _GROUPS_MADE


def groups_retired(run: str) -> Source:
    return run, _GROUPS_RETIRED


def skips(run: str, number: int) -> Source:
    """Of the run's row of skips of that number."""
    return run, _FIRST_SKIPS + number


def frame(run: str) -> Source:
    """Its begin and its end."""
    return run, _FRAME


def of_slice(run: str, part: str) -> Source:
    """What was done to the users of one slice of its changes. `part` is of digits and hyphens."""
    return f"{run}-{part}", 0


def held(run: str) -> Source:
    """That the brake held what this run was the first to plan."""
    return f"{run}-held", 0


def paused(of: str) -> Source:
    """That a sync was paused: for how the run of this code ended, or, when its time came, the sync of this key, for it cannot run."""
    return f"{of}-pause", 0


def by_hand(bits: int) -> Source:
    """What somebody did through an API: `bits` are 64 random ones, of this event alone."""
    return f"hand{bits:016x}", 0


def denied(key: str) -> Source:
    """That calls of an integration key were refused."""
    return f"denied-{key}", 0


def purged(message: str) -> Source:
    """Whom a message of the purge, by its digest, deleted for good."""
    return f"purge-{message}", 0
