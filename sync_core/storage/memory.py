"""Both ports in memory, for tests."""

from sync_core.storage.cuts import Call, Interrupt
from sync_core.storage.memory_queues import MemoryQueues, Message
from sync_core.storage.memory_tables import MemoryTables

__all__ = ["Call", "Interrupt", "MemoryQueues", "MemoryTables", "Message"]
