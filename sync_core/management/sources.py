"""How management reaches the source: a directory for each tenant, kept and closed by whoever gave it."""

from collections.abc import Callable

from sync_core.entra.port import Directory

type Sources = Callable[[str], Directory]
"""Takes a tenant's id."""
