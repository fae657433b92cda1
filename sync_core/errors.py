"""The vocabulary of what can go wrong. Each error carries what to do about it.

One place per outside system translates its answers into these: `entra/errors.py` for Graph and Entra, `storage/azure_errors.py`
for Table and Queue Storage.
"""


class SyncError(Exception):
    """The root of what callers are to handle. A ValueError, a TypeError or an assertion is a fault of this program."""


class Transient(SyncError):
    """The outside was busy or away. Send the step again after `retry_after` seconds; nothing is lost."""

    def __init__(self, what: str, *, retry_after: float) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class Reauthorize(SyncError):
    """Entra refuses this application in the customer's tenant: somebody has to consent again (B-130)."""


class Misconfigured(SyncError):
    """Our own credential or setting is at fault, not the customer's consent. Say what to set."""


class IncompleteRead(SyncError):
    """Fewer rows came than the source said it has, or its chain of pages broke: absence proves nothing (D-10)."""


class GroupGone(SyncError):
    """Entra no longer has this group (404). Its members stay (D-10)."""


class Rejected(SyncError):
    """What was asked cannot be done; nothing was changed. `field` names the input at fault, where one is."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


class NotFound(SyncError):
    """No such connection, sync, run, user or group."""


class AlreadyRunning(SyncError):
    """The sync has a full run, or a preview, already; `run` is its reference code (D-13, D-15)."""

    def __init__(self, run: str, what: str = "a full sync") -> None:
        super().__init__(f"{what} is running already, reference code {run}")
        self.run = run


class StopRun(SyncError):
    """This run cannot go on. It ends as failed with this text as the reason."""


class Superseded(SyncError):
    """A message whose work is done, or not to be done any more. Drop it."""


class Overtaken(Superseded):
    """The lock belongs to another run now, or to none: a message of a run that has ended."""


class Conflict(SyncError):
    """A row was not as the writer expected. `index` is the operation's place in its transaction, 0 for a single write."""

    def __init__(self, what: str, *, index: int = 0) -> None:
        super().__init__(what)
        self.index = index


class AlreadyExists(Conflict):
    """Insert found a row (409)."""


class Stale(Conflict):
    """The row changed since its ETag was read (412)."""


class Missing(Conflict):
    """The row to replace or delete is not there (404)."""
