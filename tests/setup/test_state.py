"""local/state.py: the file that tells callers of the local system how to reach it."""

import json
import os
from pathlib import Path

from local.state import StateFile


def test_the_state_holds_secrets_so_nobody_else_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        StateFile(tmp_path).write({"skey": "secret"})
    finally:
        os.umask(old)
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_writing_again_replaces_all_of_it_and_leaves_nothing_beside(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.write({"base_url": "http://127.0.0.1:1", "ikey": "DI1"})
    state.write({"base_url": "http://127.0.0.1:2"})
    assert json.loads(state.path.read_text()) == {"base_url": "http://127.0.0.1:2", "pid": os.getpid()}
    assert list(tmp_path.iterdir()) == [state.path]


def test_a_system_that_ends_removes_its_own_state_only(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.write({"base_url": "http://127.0.0.1:1"})
    state.remove()
    assert not state.path.exists()
    state.path.write_text(json.dumps({"base_url": "http://127.0.0.1:2", "pid": os.getpid() + 1}))
    state.remove()
    assert state.path.exists()
