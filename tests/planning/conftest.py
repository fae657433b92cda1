"""One directory, one tenant, and one sync of its groups staff and sales."""

import pytest

from tests.planning.model import DirectoryModel, SyncModel
from tests.planning.source import SourceModel


@pytest.fixture
def directory() -> DirectoryModel:
    return DirectoryModel()


@pytest.fixture
def source() -> SourceModel:
    return SourceModel("tenant")


@pytest.fixture
def sync(directory: DirectoryModel, source: SourceModel) -> SyncModel:
    return directory.connect("first", source)
