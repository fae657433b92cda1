"""What has happened in the directory, as the log keeps it: who did what, to what, when, and in which run (B-181, D-21)."""

from datetime import datetime
from enum import StrEnum

import msgspec

SYSTEM = "System"
"""The actor of what nobody asked for at that moment: scheduled runs, the nightly sweep."""
REFERENCE = "Sync Ref. Code"
"""The key, in the description of every event of a run, of the run's reference code (B-181)."""


class Happening(StrEnum):
    """What happened. The names are the Duo Admin API's, by which readers of the log filter (admin-api.md §4), and after them those of
    this product's own.
    """

    SYNC_BEGIN = "azure_sync_begin"
    SYNC_FINISH = "azure_sync_finish"
    SYNC_FAIL = "azure_sync_fail"
    SYNC_BY_USER_BEGIN = "azure_sync_by_user_begin"
    SYNC_BY_USER_FINISH = "azure_sync_by_user_finish"
    SYNC_CREATE = "azure_directory_create"
    SYNC_UPDATE = "azure_directory_update"
    SYNC_DELETE = "azure_directory_delete"
    SYNC_GROUPS_UPDATE = "directory_groups_update"
    SYNC_PAUSE = "directory_sync_pause"
    SYNC_RESUME = "directory_sync_resume"
    USER_CREATE = "user_create"
    USER_UPDATE = "user_update"
    USER_DELETE = "user_delete"
    USER_PENDING_DELETE = "user_pending_delete"
    USER_RESTORE = "user_restore"
    USER_IMPORT = "user_import"
    SEND_ENROLL_CODE = "send_enroll_code"
    GROUP_CREATE = "group_create"
    GROUP_UPDATE = "group_update"
    GROUP_DELETE = "group_delete"
    PHONE_CREATE = "phone_create"
    PHONE_UPDATE = "phone_update"
    PHONE_DELETE = "phone_delete"
    PHONE_ASSOCIATE = "phone_associate"
    PHONE_DISASSOCIATE = "phone_disassociate"
    BYPASS_CREATE = "bypass_create"
    BYPASS_DELETE = "bypass_delete"
    ADMIN_CREATE = "admin_create"
    ADMIN_UPDATE = "admin_update"
    ADMIN_DELETE = "admin_delete"
    ADMIN_ACTIVATION_CREATE = "admin_activation_create"
    ADMIN_ACTIVATION_DELETE = "admin_activation_delete"
    ACTIVATION_CREATE_LINK = "activation_create_link"
    ACTIVATION_DELETE_LINK = "activation_delete_link"
    ACTIVATION_SEND_LINK = "activation_send_link"
    SETTINGS_UPDATE = "customer_update"

    SYNC_CANCEL = "azure_sync_cancel"
    SYNC_SKIP = "azure_sync_skip"
    SYNC_HOLD = "azure_sync_hold"
    SYNC_APPROVE = "azure_sync_approve"
    CONNECTION_CREATE = "connection_create"
    CONNECTION_UPDATE = "connection_update"
    CONNECTION_DELETE = "connection_delete"
    KEY_CREATE = "integration_create"
    KEY_UPDATE = "integration_update"
    KEY_DELETE = "integration_delete"
    REQUEST_DENIED = "adminapi_request_denied"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at: datetime
    action: Happening
    actor: str
    """Who did it, as `str(Actor)` names it, or SYSTEM."""
    object: str = ""
    """What it was done to, by the name that a person knows it by."""
    object_id: str = ""
    run: str = ""
    """The run's reference code."""
    description: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """What the log shows beside: fields and their new values, counts, reasons. No secret."""

    @property
    def told(self) -> dict[str, str]:
        """The description as readers get it: with the reference code, if it happened in a run."""
        return {**self.description, REFERENCE: self.run} if self.run else self.description


class Logged(msgspec.Struct, frozen=True):
    event: Event
    place: str
    """Where it stands in the log: unique, in the order of time. A reader that gives it back goes on behind it."""
