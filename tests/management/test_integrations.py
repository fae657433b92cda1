"""Integration keys, and the secrets that stand behind them (D-34)."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import duo_client.client as duo  # pyright: ignore[reportMissingTypeStubs], it has none
import pytest
from pydantic import SecretStr

from sync_core import ids
from sync_core.clock import MovableClock
from sync_core.directory.roles import Action, Role
from sync_core.errors import Misconfigured, Rejected
from sync_core.management.actor import Actor, Forbidden, Unauthenticated
from sync_core.management.integrations import Integrations
from sync_core.management.signatures import SignedRequest
from sync_core.secrets import SecretBox
from sync_core.storage.integrations import IntegrationRows
from sync_core.tally import TABLES, tally
from tests.management.deployment import NOW, WINDOW, Deployment, box

HOST, PATH, DATE = "api.corp.example", "/v1/users", "Mon, 23 Nov 2026 13:00:00 -0000"
official: Any = duo


def call(ikey: str, skey: str) -> SignedRequest:
    authorization: str = official.sign(ikey, skey, "GET", HOST, PATH, DATE, 5, {}, body="")
    return SignedRequest(method="GET", hosts=(HOST,), paths=(PATH,), query="", body=b"", date=DATE, authorization=authorization)


async def test_a_call_acts_as_the_key_that_signed_it(deployment: Deployment) -> None:  # D-34
    ikey, skey = await deployment.services.integrations.create("Nightly script", Role.HELP_DESK)
    assert await deployment.services.integrations.verify(call(ikey, skey)) == Actor(ikey, "Nightly script", Role.HELP_DESK)


async def test_a_secret_is_forty_characters_and_stands_nowhere_in_clear(deployment: Deployment) -> None:
    ikey, skey = await deployment.services.integrations.create("Nightly script", Role.OWNER)
    (row,) = (await deployment.rows())["Integrations"]
    assert len(skey) == 40
    assert ikey in str(row)
    for hidden in (skey, skey[:12], base64.b64encode(skey.encode()).decode()[:16]):
        assert hidden not in str(row)
        assert hidden not in repr(vars(deployment.services.integrations))


async def test_another_process_believes_a_revoked_key_for_less_than_30_seconds(deployment: Deployment) -> None:
    ikey, skey = await deployment.services.integrations.create("Nightly script", Role.HELP_DESK)
    other = Integrations(IntegrationRows(deployment.tables), box(), deployment.clock, deployment.services.journal, window=WINDOW)
    await other.verify(call(ikey, skey))
    await deployment.services.integrations.revoke(ikey)
    with pytest.raises(Unauthenticated):
        await deployment.services.integrations.verify(call(ikey, skey))

    deployment.clock.at += timedelta(seconds=29)
    assert (await other.verify(call(ikey, skey))).key == ikey
    deployment.clock.at += timedelta(seconds=1)
    with pytest.raises(Unauthenticated):
        await other.verify(call(ikey, skey))


async def test_an_unknown_key_and_a_wrong_secret_look_alike(deployment: Deployment) -> None:
    ikey, skey = await deployment.services.integrations.create("Nightly script", Role.OWNER)
    refusals: list[tuple[str, int]] = []
    for request in (call(ids.new_integration_key(), skey), call(ikey, skey[::-1])):
        with pytest.raises(Unauthenticated) as refused:
            await deployment.services.integrations.verify(request)
        refusals.append((str(refused.value), refused.value.code))
    assert len(set(refusals)) == 1
    assert refusals[0][1] == 40103


async def test_what_is_no_integration_key_is_said_to_be_none(deployment: Deployment) -> None:
    for ikey in ("no/key at#all", "", "DU2A3B4C5D6E7F2G3H4I"):
        with pytest.raises(Unauthenticated) as refused:
            await deployment.services.integrations.verify(call(ikey, "wrong"))
        assert refused.value.code == 40102


async def test_an_unknown_key_costs_the_same_steps_as_a_known_one(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, _ = await deployment.services.integrations.create("One", Role.OWNER)
    used, skey = await deployment.services.integrations.create("Other", Role.OWNER)
    await deployment.services.integrations.verify(call(used, skey))
    opened: list[int] = []
    opens = SecretBox.open

    def counted(self: SecretBox, sealed: bytes, *, owner: str) -> str:
        opened.append(len(sealed))
        return opens(self, sealed, owner=owner)

    monkeypatch.setattr(SecretBox, "open", counted)
    costs: list[tuple[int, list[int]]] = []
    for key in (fresh, used, ids.new_integration_key()):
        opened.clear()
        with tally() as requests, pytest.raises(Unauthenticated):
            await deployment.services.integrations.verify(call(key, "wrong"))
        costs.append((requests[TABLES], list(opened)))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0][0] == 1
    assert len(set(costs[0][1])) == 1


async def test_nobody_signs_with_the_secret_of_another_key(deployment: Deployment) -> None:
    _, skey = await deployment.services.integrations.create("One", Role.OWNER)
    other, _ = await deployment.services.integrations.create("Other", Role.READ_ONLY)
    with pytest.raises(Unauthenticated):
        await deployment.services.integrations.verify(call(other, skey))


async def test_a_call_signed_too_long_ago_is_refused_before_its_key_is_looked_up(deployment: Deployment) -> None:
    ikey, skey = await deployment.services.integrations.create("Nightly script", Role.OWNER)
    deployment.clock.at = NOW + WINDOW * 2
    with pytest.raises(Unauthenticated) as refused:
        await deployment.services.integrations.verify(call(ikey, skey))
    assert refused.value.code == 40105


async def test_another_secret_key_says_what_to_restore(deployment: Deployment) -> None:
    ikey, skey = await deployment.services.integrations.create("Nightly script", Role.OWNER)
    elsewhere = Integrations(IntegrationRows(deployment.tables), box(b"x"), MovableClock(NOW), deployment.services.journal, window=WINDOW)
    with pytest.raises(Misconfigured, match="restore the former SECRET_KEY"):
        await elsewhere.verify(call(ikey, skey))


def test_a_secret_moved_to_another_key_does_not_open() -> None:
    sealed = box().seal("secret", owner="DI-one")
    assert box().open(sealed, owner="DI-one") == "secret"
    with pytest.raises(Misconfigured):
        box().open(sealed, owner="DI-other")


@pytest.mark.parametrize(
    "key", ["", "short", "a2V5", "!" * 44, base64.b64encode(b"k" * 31).decode(), base64.b64encode(b"k" * 33).decode(), "é" * 44]
)
def test_a_secret_key_that_is_not_32_bytes_is_refused_with_the_command_that_makes_one(key: str) -> None:
    with pytest.raises(Misconfigured, match="openssl rand -base64 32"):
        SecretBox.of(SecretStr(key))


@pytest.mark.parametrize("name", ["", "   ", "n" * 129, "a\nb"])
async def test_a_key_needs_a_name_that_can_be_shown(deployment: Deployment, name: str) -> None:
    before = await deployment.rows()
    with pytest.raises(Rejected):
        await deployment.services.integrations.create(name, Role.OWNER)
    assert await deployment.rows() == before


def test_an_actor_may_what_its_role_may_and_is_told_who_may_more() -> None:  # B-006
    actor = Actor("DI2A3B4C5D6E7F2G3H4I", "Nightly script", Role.HELP_DESK)
    actor.must(Action.READ)
    with pytest.raises(Forbidden, match="needs one of: Owner, Administrator, User Manager"):
        actor.must(Action.MANAGE_USER_SYNC)
    replace(actor, role=Role.USER_MANAGER).must(Action.MANAGE_USER_SYNC)
