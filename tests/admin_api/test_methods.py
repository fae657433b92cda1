"""Every method of the official client: served, and its answer checked, or refused as a table says (admin-api.md §5)."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.admin_api.answers import ANSWERS
from tests.admin_api.caller import AdminCaller
from tests.admin_api.methods import NAMED, NOT_SERVED, arguments, methods
from tests.admin_api.script import Admin, served_path, work_through


def test_every_method_is_either_served_or_refused() -> None:
    assert ANSWERS.keys() | NOT_SERVED.keys() == methods()
    assert not ANSWERS.keys() & NOT_SERVED.keys()


async def test_a_script_works_through_all_that_needs_no_sync(admin: AdminCaller) -> None:
    calls = Admin(admin)
    await work_through(calls, "one")
    assert ANSWERS.keys() - calls.called == {"sync_user"}


@dataclass
class Watched:
    """A way to the API that looks after every call what it left in the log."""

    caller: AdminCaller
    actors: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict[tuple[str, str], set[str]](set))
    """Of new events, by the methods and paths that were asked."""

    @property
    def client(self) -> Any:
        return self.caller.client

    async def __call__(self, method: str, *values: Any, **named: Any) -> Any:
        before, passed_on, asked = await self._logged(), self.client.api_call, set[tuple[str, str]]()

        def noted(verb: str, path: str, params: Any) -> Any:
            asked.add((verb, served_path(verb, path)))
            return passed_on(verb, path, params)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.client, "api_call", noted)
            answer = await self.caller(method, *values, **named)
        (call,) = asked
        self.actors[call] |= {actor for place, actor in (await self._logged()).items() if place not in before}
        return answer

    async def _logged(self) -> dict[str, str]:
        """The actor of each event, by its place."""
        found, _ = await self.caller.api.services.admin.log.page(None, None, newest=False, limit=1000, cursor="")
        return {place: event.actor for place, event in found}


async def test_every_call_that_changes_something_is_in_the_log_with_its_keys_name(admin: AdminCaller) -> None:  # B-181
    watched = Watched(admin)
    await work_through(Admin(watched), "one")
    changing = {call: actors for call, actors in watched.actors.items() if call[0] != "GET" and not call[1].endswith("/reset")}
    assert len(changing) >= 25
    assert {call: actors for call, actors in changing.items() if actors != {f"A script ({admin.client.ikey})"}} == {}
    assert {call for call, actors in watched.actors.items() if call not in changing and actors} == set()


@pytest.mark.filterwarnings("ignore:The v1 Admin API:DeprecationWarning")  # the client's own
async def test_every_other_method_is_refused_in_the_apis_own_shape(admin: AdminCaller) -> None:
    answers = {method: (await admin.refused(method, *arguments(method), **NAMED.get(method, {})))[:2] for method in NOT_SERVED}
    assert answers == NOT_SERVED
