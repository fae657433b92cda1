"""Records in rows: a row that somebody else broke is named, so that whoever looks after the deployment finds it."""

from collections.abc import Mapping

import pytest

from sync_core.directory.groups import Group
from sync_core.storage.records import ROW_VERSION, BrokenRow, columns, record
from sync_core.storage.tables import Row, Value

STAFF = Group(group_id="DG2A3B4C5D6E7F2G3H4I", name="Staff")


def test_a_record_is_read_as_it_was_written():
    assert record(Row("all", STAFF.group_id, columns(STAFF)), Group) == STAFF


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"version": ROW_VERSION},
        {"version": ROW_VERSION, "record0": b"\xff\x00"},
        {"version": ROW_VERSION, "record0": b"[]"},
        {"version": ROW_VERSION, "record0": b'{"name": 1}'},
        {"version": ROW_VERSION, "record0": b'{"name": "\xff"}'},
    ],
)
def test_a_row_that_is_no_record_is_named(values: Mapping[str, Value]):
    with pytest.raises(BrokenRow, match=f"{STAFF.group_id}.*all.*Group"):
        record(Row("all", STAFF.group_id, values), Group)
