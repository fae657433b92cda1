"""How management reaches the source: a directory for each tenant, kept and closed by whoever gives it (`entra/directories.py`)."""

from collections.abc import Awaitable, Callable

from sync_core.entra.port import Directory

type Sources = Callable[[str], Awaitable[Directory]]
"""Takes a tenant's id."""
