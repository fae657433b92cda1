"""People whom a sync holds, under the limits that it has by default."""

from sync_core.directory.brake import Brake
from tests.planning.model import SyncModel
from tests.planning.source import STAFF


def staffed(sync: SyncModel, people: int, *groups: str) -> list[str]:
    """So many more people, synced; under the limits that a sync has by default."""
    hired = [sync.source.hire(f"{'-'.join(groups) or STAFF}{n}", *groups) for n in range(people)]
    sync.run()
    sync.limits = Brake()
    return hired


def leave(sync: SyncModel, *people: str) -> None:
    for person in people:
        sync.source.move(person)
