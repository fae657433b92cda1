"""Single users and groups asked about side by side, twenty a request."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from local.tenant.faults import ServerError, Throttle
from local.tenant.serving import Running
from sync_core.entra.port import Directory, Questions, Sight, SourceGroup, SourceUser
from sync_core.errors import Rejected, StopRun, Transient
from sync_core.tally import tally
from tests.entra.conftest import OnAnswers

GONE = "00000000-0000-4000-8000-000000000000"
UPN = "userPrincipalName"


def people(running: Running) -> list[dict[str, Any]]:
    return [dict(person) for person in running.tenant.users.values()]


async def test_a_user_is_found_by_its_name_in_any_case_and_nobody_by_another(directory: Directory, running: Running):  # B-111
    ann = people(running)[0]
    name = ann[UPN].upper()

    found = await directory.ask(
        Questions(attribute=UPN, names=(name, "nobody@corp.example", "a/b?c@corp.example", "$a@corp.example")), [UPN]
    )

    assert found.named == {
        name: (SourceUser(ann["id"], ann["accountEnabled"], (ann[UPN],)),),
        "nobody@corp.example": (),
        "a/b?c@corp.example": (),
        "$a@corp.example": (),
    }


@pytest.mark.parametrize("attribute", ["mail", "onPremisesExtensionAttributes.extensionAttribute1"])
async def test_users_are_searched_by_other_attributes_three_at_most(directory: Directory, running: Running, attribute: str):  # B-111, B-013
    chosen = people(running)[:4]
    for person in chosen:
        change = {"mail": "o'hara@corp.example", "onPremisesExtensionAttributes": {"extensionAttribute1": "o'hara@corp.example"}}
        running.tenant.update_user(person["id"], change)

    found = await directory.ask(Questions(attribute=attribute, names=("o'hara@corp.example",)), [attribute])

    (users,) = found.named.values()
    assert len(users) == 3
    assert {user.values for user in users} == {("o'hara@corp.example",)}


async def test_an_attribute_that_graph_does_not_search_by_is_refused_by_name(directory: Directory):
    with pytest.raises(Rejected, match="onPremisesDomainName") as refused:
        await directory.ask(Questions(attribute="onPremisesDomainName", names=("corp",)), ["onPremisesDomainName"])
    assert refused.value.field == "username"


async def test_users_groups_and_what_they_are_in_come_together(directory: Directory, running: Running):  # D-11, B-033
    one = people(running)[0]["id"]
    group = next(iter(running.tenant.groups))
    hidden = list(running.tenant.groups)[1]
    running.tenant.update_group(hidden, {"visibility": "HiddenMembership"})
    asked = Questions(users=(one, GONE), memberships=(one, GONE), groups=(group, hidden, GONE), parents=(("user", one), ("group", group)))

    with tally() as counts:
        found = await directory.ask(asked, [UPN])

    assert counts == {"graph": 1}
    assert found.users[GONE] is None
    assert found.users[one] is not None
    assert found.group_names == {g: running.tenant.groups[g]["displayName"] for g in (group, hidden)}
    assert found.memberships == {one: frozenset(running.tenant.transitive_groups(one)), GONE: None}
    assert found.groups == {group: Sight.THERE, hidden: Sight.HIDDEN, GONE: Sight.GONE}
    names = {g["id"]: g["displayName"] for g in running.tenant.groups.values()}
    assert set(found.parents["user", one]) == {SourceGroup(g, names[g]) for g in running.tenant.direct_groups(one)}
    assert set(found.parents["group", group]) == {SourceGroup(g, names[g]) for g in running.tenant.direct_groups(group)}


async def test_twenty_questions_share_a_request_and_nothing_asked_is_none(directory: Directory, running: Running):
    ids = tuple(person["id"] for person in people(running)[:41])
    with tally() as counts:
        assert len((await directory.ask(Questions(users=ids), [UPN])).users) == 41
        await directory.ask(Questions(), [UPN])
    assert counts == {"graph": 3}


async def test_a_throttled_question_is_asked_again_alone(directory: Directory, running: Running):
    ids = tuple(person["id"] for person in people(running)[:5])
    running.faults.add(Throttle(kind="user", user=ids[3], retry_after="0.01", times=1))
    running.faults.add(ServerError(kind="user", user=ids[4], status=502, times=1))

    with tally() as counts:
        assert set((await directory.ask(Questions(users=ids), [UPN])).users) == set(ids)
    assert (counts, running.requests.counts["user"]) == ({"graph": 2}, 7)


async def test_who_asks_is_not_kept_waiting(directory: Directory, running: Running):  # neither sleeps long nor asks on
    one = people(running)[0]["id"]
    running.faults.add(Throttle(kind="user", retry_after="30.5"))
    with pytest.raises(Transient) as caught:
        await directory.ask(Questions(users=(one,)), [UPN])
    assert (caught.value.retry_after, running.requests.counts["batch"]) == (30.5, 1)


async def test_an_answer_that_cannot_be_read_is_asked_for_later(on_answers: OnAnswers):
    directory = on_answers(lambda _: httpx.Response(200, content=b"{"))
    with pytest.raises(Transient):
        await directory.ask(Questions(users=(GONE,)), [UPN])


async def test_groups_listed_in_part_decide_nothing(on_answers: OnAnswers):  # D-10
    body: dict[str, Any] = {"value": [], "@odata.nextLink": "https://graph.microsoft.com/v1.0/next"}
    answer = {"responses": [{"id": "0", "status": 200, "headers": {}, "body": body}]}
    directory = on_answers(lambda _: httpx.Response(200, content=msgspec.json.encode(answer)))
    with pytest.raises(StopRun, match="in part"):
        await asyncio.wait_for(directory.ask(Questions(memberships=(GONE,)), [UPN]), 5)
