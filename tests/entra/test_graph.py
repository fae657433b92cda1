"""The organization, groups and their search."""

import httpx
import pytest

from local.tenant.faults import Throttle
from local.tenant.generation import new_group
from local.tenant.serving import Running
from sync_core.entra.port import Directory, SourceGroup
from sync_core.errors import GroupGone, StopRun, Transient
from tests.entra.conftest import OnAnswers

GONE = "00000000-0000-4000-8000-000000000000"


def add_group(running: Running, number: int, name: str) -> SourceGroup:
    object_id = f"{number:08x}-0000-4000-8000-000000000000"
    running.tenant.add_group(new_group(object_id, name))
    return SourceGroup(object_id, name)


async def test_the_organization_is_the_tenants_id_and_name(directory: Directory, running: Running):  # B-025
    assert await directory.organization() == (running.tenant.organization.id, "Contoso Ltd")


async def test_an_organization_that_is_not_shown_asks_for_its_permission(on_answers: OnAnswers):
    with pytest.raises(StopRun, match=r"Organization\.Read\.All"):
        await on_answers(lambda _: httpx.Response(200, json={"value": []})).organization()


async def test_a_group_is_read_by_its_object_id(directory: Directory, everybody: str):
    assert await directory.group(everybody) == SourceGroup(everybody, "All Staff")


async def test_a_group_that_entra_no_longer_has_is_gone(directory: Directory):
    with pytest.raises(GroupGone):
        await directory.group(GONE)


async def test_groups_are_found_by_the_beginning_of_their_name_in_any_case_sorted(directory: Directory, running: Running):  # B-030
    zeta, alpha = add_group(running, 1, "Qualia Zeta"), add_group(running, 2, "QUALIA alpha")
    add_group(running, 3, "The Qualia")

    assert await directory.find_groups("qUALIA") == [alpha, zeta]


@pytest.mark.parametrize("name", ["O'Neill's", "R&D #1", "50 % + more", 'The "A" team', "研究開発", "a\\b"])
async def test_a_prefix_may_hold_any_character(directory: Directory, running: Running, name: str):  # B-030
    group = add_group(running, 1, f"{name} people")

    assert await directory.find_groups(name) == [group]


async def test_a_prefix_cannot_end_the_filter(directory: Directory):
    assert await directory.find_groups("x') or startswith(displayName,'") == []


async def test_at_most_a_hundred_groups_are_found(directory: Directory, running: Running):  # B-030
    for number in range(120):
        add_group(running, number + 1, f"Qualia {number:03d}")

    assert len(await directory.find_groups("Qualia")) == 100
    assert len(await directory.find_groups("Qualia", limit=7)) == 7
    assert running.requests.counts == {"groups": 2}


async def test_without_a_prefix_any_groups_are_found(directory: Directory, running: Running):
    assert len(await directory.find_groups("")) == min(len(running.tenant.groups), 100)


async def test_a_throttled_search_says_when_again(directory: Directory, running: Running):
    running.faults.add(Throttle(kind="groups", retry_after="2.5"))

    with pytest.raises(Transient) as caught:
        await directory.find_groups("x")
    assert caught.value.retry_after == 2.5


@pytest.mark.parametrize("body", ["", "<html>", '{"value":[{"displayName":"x"}]}', '{"val'])
async def test_an_answer_that_is_not_graphs_ends_what_was_asked(on_answers: OnAnswers, body: str):
    with pytest.raises(StopRun):
        await on_answers(lambda _: httpx.Response(200, text=body)).find_groups("x")
