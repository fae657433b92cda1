"""What the Admin API reads and does besides what every other way in has."""

from dataclasses import dataclass

from sync_core.clock import Clock
from sync_core.ids import RandomBits
from sync_core.links import Links
from sync_core.management.account import Account
from sync_core.management.activations import Activations
from sync_core.management.admin_log import AdminLog
from sync_core.management.admins import Admins
from sync_core.management.bulk_users import BulkUsers
from sync_core.management.bypass_codes import BypassCodes
from sync_core.management.deployment import DeploymentSettings
from sync_core.management.enrollments import Enrollments
from sync_core.management.first_owner import FirstOwner
from sync_core.management.journal import Journal
from sync_core.management.listing import Listing
from sync_core.management.naming import Naming
from sync_core.management.phones import make_phones
from sync_core.management.showing import Showing
from sync_core.management.users import make_users
from sync_core.secrets import SecretBox
from sync_core.storage.admins import AdminRows
from sync_core.storage.deployment import DeploymentRows
from sync_core.storage.enrollments import EnrollmentRows
from sync_core.storage.groups import GroupRows
from sync_core.storage.locks import LockRows
from sync_core.storage.log import LogRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.names import NameRows
from sync_core.storage.outbox import OutboxRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Tables
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import UserRows


@dataclass(frozen=True, slots=True)
class AdminApi:
    showing: Showing
    listing: Listing
    bulk: BulkUsers
    bypass_codes: BypassCodes
    log: AdminLog
    account: Account
    settings: DeploymentSettings
    admins: Admins
    first_owner: FirstOwner
    activations: Activations
    enrollments: Enrollments


def make_admin_api(
    tables: Tables, box: SecretBox, journal: Journal, clock: Clock, random_bits: RandomBits, *, trash_days: int, public_url: str
) -> AdminApi:
    """`public_url`: where browsers reach this deployment; "" when nothing tells it."""
    users, syncs = UserRows(tables), SyncRows(tables)
    outbox, links, admin_rows = OutboxRows(tables), Links(box, public_url), AdminRows(tables)
    admins = Admins(admin_rows, outbox, journal, clock, random_bits)
    of_users = make_users(tables, clock, random_bits)
    lookups = Lookups(tables, users)
    deployment = DeploymentRows(tables, clock, trash_days)
    naming = Naming(NameRows(tables), users, LockRows(tables), clock, random_bits)
    return AdminApi(
        showing=Showing(users, GroupRows(tables), syncs, naming, lookups, clock),
        listing=Listing(tables, make_phones(tables, clock, random_bits), clock),
        bulk=BulkUsers(of_users, naming, users, TrashRows(tables), deployment, syncs, journal, clock),
        bypass_codes=BypassCodes(users, lookups, box, journal, clock, random_bits),
        log=AdminLog(LogRows(tables, clock)),
        account=Account(tables),
        settings=DeploymentSettings(deployment, journal),
        admins=admins,
        first_owner=FirstOwner(admin_rows, admins, links, journal, clock, random_bits),
        activations=Activations(admin_rows, admins, outbox, links, journal, clock, random_bits),
        enrollments=Enrollments(of_users, EnrollmentRows(tables), outbox, links, journal, clock),
    )
