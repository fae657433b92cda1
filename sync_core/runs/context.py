"""What the steps of a run work with: the rows, the queues, the source, the clock. Made once a process, in the composition root."""

from dataclasses import dataclass

from sync_core.clock import Clock
from sync_core.directory.lives import FAILURE_DAYS
from sync_core.entra.port import Sources
from sync_core.ids import RandomBits
from sync_core.storage.applied import AppliedRows
from sync_core.storage.changes import ChangeRows
from sync_core.storage.deployment import DeploymentRows
from sync_core.storage.diagnostics import DiagnosticRows
from sync_core.storage.groups import GroupRows
from sync_core.storage.holds import ConfirmationRows, HoldRows
from sync_core.storage.lives import LifeRows
from sync_core.storage.locks import PREVIEWS, LockRows
from sync_core.storage.log import LogRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.members import MemberRows
from sync_core.storage.names import NameRows
from sync_core.storage.objects import ObjectRows
from sync_core.storage.outbox import OutboxRows
from sync_core.storage.queues import Queues
from sync_core.storage.runs import RunRows
from sync_core.storage.staging import StagingRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Tables
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import UserRows


@dataclass(frozen=True, slots=True)
class Context:
    tables: Tables
    queues: Queues
    source: Sources
    clock: Clock
    random_bits: RandomBits
    users: UserRows
    objects: ObjectRows
    names: NameRows
    members: MemberRows
    lookups: Lookups
    groups: GroupRows
    syncs: SyncRows
    locks: LockRows
    previews: LockRows
    """The locks of previews."""
    holds: HoldRows
    confirmations: ConfirmationRows
    lives: LifeRows
    outbox: OutboxRows
    runs: RunRows
    staging: StagingRows
    changes: ChangeRows
    diagnostics: DiagnosticRows
    applied: AppliedRows
    log: LogRows
    trash: TrashRows
    deployment: DeploymentRows
    failure_days: tuple[int, ...]
    """Days of failing that are told of by mail; with the last a sync is paused (B-121, B-123)."""
    max_users: int
    """A run over more users is refused: its plan would not fit in memory."""


def make_context(
    tables: Tables,
    queues: Queues,
    source: Sources,
    clock: Clock,
    random_bits: RandomBits,
    *,
    trash_days: int,
    max_users: int,
    failure_days: tuple[int, ...] = FAILURE_DAYS,
) -> Context:
    return Context(
        tables=tables,
        queues=queues,
        source=source,
        clock=clock,
        random_bits=random_bits,
        users=(users := UserRows(tables)),
        objects=ObjectRows(tables),
        names=NameRows(tables),
        members=MemberRows(tables),
        lookups=Lookups(tables, users),
        groups=GroupRows(tables),
        syncs=SyncRows(tables),
        locks=LockRows(tables),
        previews=LockRows(tables, PREVIEWS),
        holds=HoldRows(tables),
        confirmations=ConfirmationRows(tables),
        lives=LifeRows(tables),
        outbox=OutboxRows(tables),
        runs=RunRows(tables),
        staging=StagingRows(tables),
        changes=ChangeRows(tables),
        diagnostics=DiagnosticRows(tables),
        applied=AppliedRows(tables),
        log=LogRows(tables, clock),
        trash=TrashRows(tables),
        deployment=DeploymentRows(tables, clock, trash_days),
        failure_days=failure_days,
        max_users=max_users,
    )
