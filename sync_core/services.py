"""The services of one process, put together from its settings: what function_app.py hands to the triggers."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from sync_core.clock import Clock, SystemClock
from sync_core.entra.directories import Directories
from sync_core.individual.explain import Explain
from sync_core.individual.sync import IndividualSync
from sync_core.management.admin_api import AdminApi, make_admin_api
from sync_core.management.approvals import Approvals
from sync_core.management.connections import Connections, make_connections
from sync_core.management.consents import Consents, Site
from sync_core.management.directory import DirectoryViews
from sync_core.management.groups import Groups
from sync_core.management.health import Health
from sync_core.management.history import History
from sync_core.management.idempotency import Idempotency
from sync_core.management.integrations import Integrations
from sync_core.management.journal import Journal
from sync_core.management.memberships import Memberships
from sync_core.management.phones import Phones, make_phones
from sync_core.management.schedules import Schedules, make_schedules
from sync_core.management.sign_in import SignIn
from sync_core.management.sync_settings import SyncSettings, make_sync_settings
from sync_core.management.syncs import Syncs, make_syncs
from sync_core.management.trash import Trash
from sync_core.management.user_import import UserImport
from sync_core.management.users import Users, make_users
from sync_core.retention.expire import Retention
from sync_core.retention.forget import Forgetter
from sync_core.retention.leftovers import DeletedSyncs
from sync_core.retention.messages import Expire, Forget, Leftovers
from sync_core.runs.context import Context, make_context
from sync_core.runs.diagnostics import Diagnostics
from sync_core.runs.messages import STEPS
from sync_core.runs.preview import Previews
from sync_core.runs.schedule import Schedule
from sync_core.runs.service import Runs
from sync_core.runs.steps import Steps
from sync_core.secrets import SecretBox
from sync_core.settings import Settings
from sync_core.storage.authorizations import AuthorizationRows
from sync_core.storage.azure import open_storage
from sync_core.storage.integrations import IntegrationRows
from sync_core.storage.queues import Queues
from sync_core.storage.repeats import RepeatRows
from sync_core.storage.schema import prepare
from sync_core.storage.tables import Tables
from sync_core.trash.messages import Purge
from sync_core.trash.purge import Purger, make_purger
from sync_core.trash.sweep import Sweep


class Opened(Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    runs: Runs
    steps: Steps
    previews: Previews
    approvals: Approvals
    individual: IndividualSync
    explain: Explain
    diagnostics: Diagnostics
    connections: Connections
    consents: Consents
    syncs: Syncs
    sync_settings: SyncSettings
    schedules: Schedules
    schedule: Schedule
    directory: DirectoryViews
    users: Users
    phones: Phones
    user_import: UserImport
    groups: Groups
    memberships: Memberships
    sign_in: SignIn
    trash: Trash
    sweep: Sweep
    purge: Purger
    forget: Forgetter
    retention: Retention
    deleted_syncs: DeletedSyncs
    integrations: Integrations
    admin: AdminApi
    journal: Journal
    repeats: Idempotency
    history: History
    health: Health
    public_hosts: tuple[str, ...]
    tables: Tables
    queues: Queues
    opened: tuple[Opened, ...] = ()

    async def prepare(self) -> None:
        """Makes the tables and queues that are not there yet."""
        queues = (*(step.queue for step in STEPS), Purge.queue, Forget.queue, Expire.queue, Leftovers.queue)
        await prepare(self.tables, self.queues, (*queues, *(f"{queue}-poison" for queue in queues)))

    async def close(self) -> None:
        for one in self.opened:
            await one.close()


def open_services(settings: Settings, clock: Clock | None = None) -> Services:
    """Opens no connection yet; heavy libraries load at first use."""
    tables, queues = open_storage(settings)
    directories = Directories(settings)
    context = make_context(
        tables,
        queues,
        directories.of,
        clock or SystemClock(),
        secrets.randbits,
        trash_days=settings.trash_days,
        max_users=settings.max_plan_users,
        failure_days=settings.failure_days,
    )
    return replace(make_services(context, settings), opened=(directories, queues, tables))


def make_services(context: Context, settings: Settings) -> Services:
    """Over whatever ports the context has: all services, with nothing to close."""
    tables, queues, source, clock, random_bits = context.tables, context.queues, context.source, context.clock, context.random_bits
    runs = Runs(context)
    box = SecretBox.of(settings.secret_key)
    journal = Journal(context.log, clock, random_bits)
    connections = make_connections(tables, source, clock, random_bits)
    syncs = make_syncs(tables, source, clock, random_bits, settings.intervals)
    directory = DirectoryViews(context.users, context.groups, syncs)
    memberships = Memberships(context.users, context.groups, context.members, context.syncs, journal)
    window = timedelta(seconds=settings.signature_window)
    site = Site(settings.reached_at, settings.authority_url, settings.entra_client_id, settings.browser_hosts)
    return Services(
        runs=runs,
        steps=Steps(context),
        previews=Previews(context),
        approvals=Approvals(context, runs, journal),
        individual=IndividualSync(context),
        explain=Explain(context),
        diagnostics=Diagnostics(context),
        connections=connections,
        consents=Consents(AuthorizationRows(tables), connections, site, clock),
        syncs=syncs,
        sync_settings=make_sync_settings(tables, source, clock, random_bits, settings.intervals),
        schedules=make_schedules(tables, source, clock, random_bits),
        schedule=Schedule(context, runs),
        directory=directory,
        users=make_users(tables, clock, random_bits),
        phones=make_phones(tables, clock, random_bits),
        user_import=UserImport(tables, lambda over: make_users(over, clock, random_bits), journal),
        groups=Groups(context.groups, context.syncs, memberships, journal, random_bits),
        memberships=memberships,
        sign_in=SignIn(context.users, directory, journal),
        trash=Trash(context.users, context.trash, queues, journal, clock),
        sweep=Sweep(context.trash, queues, clock),
        purge=make_purger(tables, queues, clock, context.trash),
        forget=Forgetter(context.log, context.applied, context.changes, context.runs, queues),
        retention=Retention(context, RepeatRows(tables)),
        deleted_syncs=DeletedSyncs(context),
        integrations=Integrations(IntegrationRows(tables), box, clock, journal, window=window, sha1=settings.signature_sha1),
        journal=journal,
        repeats=Idempotency(RepeatRows(tables), box, clock),
        history=History(context.log, context.applied, context.changes, context.users, context.groups),
        admin=make_admin_api(tables, box, journal, clock, random_bits, trash_days=settings.trash_days, public_url=settings.reached_at),
        health=Health(tables),
        public_hosts=settings.public_hosts,
        tables=tables,
        queues=queues,
    )
