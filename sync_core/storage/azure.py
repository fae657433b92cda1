"""Both ports on one storage account, from the settings."""

from sync_core.settings import Settings
from sync_core.storage.account import Account
from sync_core.storage.azure_queues import AzureQueues
from sync_core.storage.azure_tables import AzureTables

__all__ = ["Account", "AzureQueues", "AzureTables", "open_storage"]


def open_storage(settings: Settings) -> tuple[AzureTables, AzureQueues]:
    """Opens no connection yet and needs no event loop; close both on the loop that used them. Misconfigured without an account."""
    account = Account.of(settings)
    return AzureTables(account), AzureQueues(account)
