"""The first active Owner of a deployment comes from a local command, and from nowhere else (D-30)."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from local.first_owner import main
from sync_core.directory.admins import AddressInUse, AdminEdit, AdminStatus
from sync_core.directory.roles import Role
from sync_core.errors import Misconfigured, Rejected
from sync_core.links import LinkKind, Links
from sync_core.management.admin_api import make_admin_api
from tests.management.deployment import SITE, Deployment, box, deployed, give_way, randbits
from tests.runs.fates import Scissors, dies
from tests.runs.world import Cut

ADDRESS = "ann@corp.example"
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


async def test_the_first_owner_is_active_and_gets_a_link_that_the_tables_do_not_hold(deployment: Deployment) -> None:  # D-29, D-30
    made = await deployment.services.admin.first_owner.make("Ann Lind", ADDRESS)

    (owner,) = await deployment.services.admin.admins.all()
    assert (owner.name, owner.email, owner.role, owner.status) == ("Ann Lind", ADDRESS, Role.OWNER, AdminStatus.ACTIVE)
    assert owner.activated_at == deployment.clock.now()
    prefix = f"{SITE.public_url}/activate/"
    assert made.url.startswith(prefix)
    token = made.url.removeprefix(prefix)
    assert Links(box(), SITE.public_url).read(LinkKind.ACTIVATION, token) == (owner.admin_id, 1)
    rows = [row async for page in deployment.tables.query("Admins", "admins") for row in page]
    assert token.rpartition(".")[2] not in repr(rows)


async def test_the_first_owner_stays_while_there_is_no_other(deployment: Deployment) -> None:
    owner = (await deployment.services.admin.first_owner.make("Ann Lind", ADDRESS)).owner
    with pytest.raises(Rejected, match="last active Owner"):
        await deployment.services.admin.admins.delete(owner.admin_id, by="test")


async def test_made_again_it_is_the_same_owner_and_the_link_is_not_told_again(deployment: Deployment) -> None:
    first = deployment.services.admin.first_owner
    made = await first.make("Ann Lind", ADDRESS)
    again = await first.make("Ann Lind", f" {ADDRESS.upper()} ")
    assert (again.owner, again.url) == (made.owner, "")
    assert len(await deployment.services.admin.admins.all()) == 1


async def test_once_there_is_an_owner_nobody_else_becomes_one_this_way(deployment: Deployment) -> None:
    owner = (await deployment.services.admin.first_owner.make("Ann Lind", ADDRESS)).owner
    with pytest.raises(Rejected, match=f"active Owner already, {owner.admin_id}"):
        await deployment.services.admin.first_owner.make("Bea Lind", "bea@corp.example")
    assert len(await deployment.services.admin.admins.all()) == 1


async def test_two_who_are_made_at_once_are_one() -> None:
    slow = await deployed(give_way)
    made = await asyncio.gather(
        *(slow.services.admin.first_owner.make("Ann Lind", address) for address in (ADDRESS, "bea@corp.example", ADDRESS)),
        return_exceptions=True,
    )
    (owner,) = await slow.services.admin.admins.all()
    for one in made:
        assert isinstance(one, Rejected) or (not isinstance(one, BaseException) and one.owner == owner)


async def test_an_address_that_is_taken_is_refused_and_one_whose_link_ended_is_free(deployment: Deployment) -> None:  # E-15
    await deployment.services.admin.admins.create(AdminEdit(name="Ann Lind", email=ADDRESS, role=Role.HELP_DESK), by="test")
    await deployment.services.admin.activations.create("bea@corp.example", days=1, by="test")
    for address in (ADDRESS, "bea@corp.example"):
        with pytest.raises(AddressInUse):
            await deployment.services.admin.first_owner.make("Ann Lind", address)
    deployment.clock.at += timedelta(days=1)
    assert (await deployment.services.admin.first_owner.make("Bea Lind", "bea@corp.example")).url


@pytest.mark.parametrize(("name", "email", "field"), [("", ADDRESS, "name"), ("Ann\n", "x", "email"), ("Ann Lind", "ann", "email")])
async def test_what_cannot_be_is_refused_by_its_field(deployment: Deployment, name: str, email: str, field: str) -> None:
    with pytest.raises(Rejected) as refusal:
        await deployment.services.admin.first_owner.make(name, email)
    assert refusal.value.field == field
    assert await deployment.services.admin.admins.all() == []


async def test_a_link_that_was_lost_is_replaced_and_the_former_one_void(deployment: Deployment) -> None:  # D-29
    first = deployment.services.admin.first_owner
    made = await first.make("Ann Lind", ADDRESS)
    deployment.clock.at += timedelta(days=8)

    other = await first.new_link(ADDRESS)

    assert other.url not in ("", made.url)
    assert other.owner.link is not None
    assert (other.owner.admin_id, other.owner.link.generation) == (made.owner.admin_id, 2)
    assert other.owner.link.expires_at == deployment.clock.now() + timedelta(days=7)
    with pytest.raises(Rejected, match="waits for a link"):
        await first.new_link("bea@corp.example")
    await deployment.services.admin.activations.delete_link(made.owner.admin_id, by="test")
    with pytest.raises(Rejected, match="waits for a link"):
        await first.new_link(ADDRESS)


async def test_where_links_lead_nowhere_nothing_is_made(deployment: Deployment) -> None:
    admin = make_admin_api(deployment.tables, box(), deployment.services.journal, deployment.clock, randbits, trash_days=7, public_url="")
    with pytest.raises(Misconfigured, match="PUBLIC_URL"):
        await admin.first_owner.make("Ann Lind", ADDRESS)
    assert await admin.admins.all() == []


async def test_dying_anywhere_and_made_again_there_is_one_owner_who_can_get_a_link() -> None:
    for cut in range(60):
        scissors = Scissors(cut, dies)
        scissors.count = -1000  # the tables are made whole
        broken = await deployed(scissors)
        scissors.count = 0
        died = False
        try:
            await broken.services.admin.first_owner.make("Ann Lind", ADDRESS)
        except Cut:
            died = True
        scissors.count = -1000  # once is enough
        again = await broken.services.admin.first_owner.make("Ann Lind", ADDRESS)
        assert [owner.admin_id for owner in await broken.services.admin.admins.all()] == [again.owner.admin_id], cut
        assert (await broken.services.admin.first_owner.new_link(ADDRESS)).url
        if not died:
            return
    raise AssertionError("making an Owner has more than 30 requests")


def test_the_command_prints_the_owner_and_the_link_once_and_says_what_is_wrong(
    azurite: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # D-30
    settings = {"AzureWebJobsStorage": azurite, "SECRET_KEY": KEY, "PUBLIC_URL": "https://sync.corp.example"}

    def command(*arguments: str, **others: str) -> dict[str, Any]:
        """What it prints. Raises SystemExit."""
        for name, value in {**settings, "SIGNATURE_WINDOW": "300", **others}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["first_owner", *arguments])
        main()
        return json.loads(capsys.readouterr().out)

    def refused(status: int, *arguments: str, **others: str) -> str:
        with pytest.raises(SystemExit) as end:
            command(*arguments, **others)
        said = capsys.readouterr()
        assert (end.value.code, said.out) == (status, "")
        return said.err

    ann = ("--name", "Ann Lind", "--email", ADDRESS)
    assert "set PUBLIC_URL" in refused(1, *ann, PUBLIC_URL="")
    assert "SIGNATURE_WINDOW" in refused(2, *ann, SIGNATURE_WINDOW="1")
    assert "name is 1 to" in refused(1, "--email", ADDRESS)

    told = command(*ann)
    assert told["url"].startswith(f"https://sync.corp.example/activate/{told['admin_id']}.1.")
    assert command(*ann) == {**told, "url": None}
    assert ".2." in command("--email", ADDRESS, "--new-link")["url"]
    assert f"there is an active Owner already, {told['admin_id']}" in refused(1, "--name", "Bea", "--email", "bea@corp.example")
