"""Admin consent: an answer counts once, in the browser that was asked, for the state it was given, and proves nothing by itself (B-022)."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sync_core.clock import MovableClock
from sync_core.directory.authorizations import STATE_LIFE, TICKET_LIFE, Stage
from sync_core.directory.syncs import Connection
from sync_core.errors import Misconfigured, NotFound, Reauthorize, Rejected, SyncError
from sync_core.management.consents import Consents, Site
from sync_core.storage.authorizations import KEPT, PARTITION, TABLE, AuthorizationRows
from sync_core.storage.memory import MemoryTables
from tests.management.deployment import NOW, SITE
from tests.management.source import TENANT, guid

BY = "A script (DI2A3B4C5D6E7F2G3H4I)"
OTHER_TENANT = guid(9)


class ConnectionsModel:
    """Connects any tenant, unless told what goes wrong."""

    def __init__(self) -> None:
        self.made: dict[str, Connection] = {}
        self.renewed: list[tuple[str, str, bool]] = []
        self.fault: SyncError | None = None

    async def get(self, connection_id: str) -> Connection:
        if connection_id not in self.made:
            raise NotFound(f"there is no connection {connection_id}")
        return self.made[connection_id]

    async def create(self, tenant_id: str, name: str = "", *, by: str, connection_id: str = "") -> Connection:
        assert by == BY
        if self.fault:
            raise self.fault
        made = Connection(connection_id=connection_id, tenant_id=tenant_id, name=name or "Corp", created_at=NOW)
        return self.made.setdefault(connection_id, made)

    async def reauthorized(self, connection_id: str, tenant_id: str, *, by: str, may_move: bool) -> Connection:
        assert by == BY
        self.renewed.append((connection_id, tenant_id, may_move))
        return self.made[connection_id]


class World:
    def __init__(self) -> None:
        self.clock = MovableClock(NOW)
        self.tables = MemoryTables()
        self.connections = ConnectionsModel()
        self.consents = Consents(AuthorizationRows(self.tables), self.connections, SITE, self.clock)
        self.cookies: dict[str, str] = {}

    async def begun(self, **options: str | bool) -> tuple[str, str]:
        """The authorization's id, and the address."""
        await self.tables.create([TABLE])
        found, url = await self.consents.begin(by=BY, **options)  # pyright: ignore[reportArgumentType], names and flags
        return found.authorization_id, url.rpartition("/")[2]

    async def asked(self, **options: str | bool) -> tuple[str, dict[str, str]]:
        """The id, and what Entra is asked; the browser keeps its cookie."""
        authorization_id, address = await self.begun(**options)
        _, to, self.cookies[authorization_id] = await self.consents.ask(address, "")
        return authorization_id, {name: values[0] for name, values in parse_qs(urlsplit(to).query).items()}

    async def answer(self, authorization_id: str, **said: str) -> Stage:
        """What becomes of an answer, and of asking for its end."""
        await self.consents.take_answer(urlencode(said), lambda found: self.cookies.get(found, ""))
        return (await self.consents.complete(authorization_id, self.cookies[authorization_id])).stage

    async def stage(self, authorization_id: str) -> Stage:
        return (await self.consents.status(authorization_id)).stage


@pytest.fixture
def world() -> World:
    return World()


def consented(state: str, tenant: str = TENANT) -> dict[str, str]:
    return {"admin_consent": "True", "tenant": tenant, "scope": "https://graph.microsoft.com/.default", "state": state}


async def test_consent_connects_the_tenant_that_answered(world: World):  # B-022, B-025
    authorization_id, asked = await world.asked()
    assert asked["redirect_uri"] == "https://sync.corp.example/connect/callback"
    assert asked["scope"] == "https://graph.microsoft.com/.default"
    assert await world.answer(authorization_id, **consented(asked["state"])) is Stage.CONNECTED
    (made,) = world.connections.made.values()
    found = await world.consents.status(authorization_id)
    assert (found.connection_id, found.name, found.tenant_id) == (made.connection_id, "Corp", made.tenant_id)


async def test_a_connection_is_authorized_again(world: World):  # B-026
    first, asked = await world.asked(name="Head office")
    await world.answer(first, **consented(asked["state"]))
    (connection_id,) = world.connections.made
    again, asked = await world.asked(connection_id=connection_id, may_move=True)
    assert await world.answer(again, **consented(asked["state"], OTHER_TENANT)) is Stage.CONNECTED
    assert world.connections.renewed == [(connection_id, OTHER_TENANT, True)]


async def test_an_error_counts_before_anything_that_looks_like_success(world: World):
    authorization_id, asked = await world.asked()
    said = {**consented(asked["state"]), "error": "access_denied", "error_description": "AADSTS65004: User declined\x00."}
    assert await world.answer(authorization_id, **said) is Stage.REFUSED
    assert (await world.consents.status(authorization_id)).refusal == "access_denied: AADSTS65004: User declined ."
    assert world.connections.made == {}


async def test_a_tenant_that_may_not_be_connected_is_told_in_words(world: World):  # D-31
    world.connections.fault = Rejected("GCC High and DoD tenants are not supported")
    authorization_id, asked = await world.asked()
    assert await world.answer(authorization_id, **consented(asked["state"])) is Stage.REFUSED
    assert (await world.consents.status(authorization_id)).refusal == "GCC High and DoD tenants are not supported"


async def test_while_entra_does_not_know_of_the_consent_it_can_be_tried_again(world: World):
    world.connections.fault = Reauthorize("AADSTS700016")
    authorization_id, asked = await world.asked()
    with pytest.raises(Reauthorize):
        await world.answer(authorization_id, **consented(asked["state"]))
    world.connections.fault = None
    for _ in range(2):  # repeated, it ends the same
        assert (await world.consents.complete(authorization_id, world.cookies[authorization_id])).stage is Stage.CONNECTED
    assert len(world.connections.made) == 1


async def test_the_tables_hold_nothing_that_could_answer(world: World):  # B-024
    authorization_id, asked = await world.asked()
    (row,) = [row async for page in world.tables.query(TABLE, PARTITION) for row in page]
    stored = repr(row.values)
    assert asked["state"].partition(".")[2] not in stored
    assert world.cookies[authorization_id] not in stored


# Hostile answers: each is refused, connects nothing, and leaves the question open for the true answer, unless it was used up.


async def _refused(world: World, authorization_id: str, said: str, cookie: Callable[[str], str] | None = None) -> None:
    with pytest.raises(Rejected):
        await world.consents.take_answer(said, cookie or (lambda found: world.cookies.get(found, "")))
    with pytest.raises(Rejected):
        await world.consents.complete(authorization_id, world.cookies[authorization_id])
    assert world.connections.made == {}


HOSTILE = {
    "no state": {"state": None},
    "an empty state": {"state": ""},
    "an invented state": {"state": "DZ" + "A" * 18 + ".guess"},
    "the right id with a wrong secret": {"state": "{id}.guess"},
    "the right id with an empty secret": {"state": "{id}."},
    "the id alone": {"state": "{id}"},
    "a path for a state": {"state": "../../Users.x"},
    "the state with something added": {"state": "{state}x"},
    "the state in capitals": {"state": "{STATE}"},
    "consent denied without an error": {"admin_consent": "False"},
    "consent not said": {"admin_consent": None},
    "no tenant": {"tenant": None},
    "a tenant that is no id": {"tenant": "contoso.example"},
    "common for a tenant": {"tenant": "common"},
    "a path for a tenant": {"tenant": TENANT + "/../" + OTHER_TENANT},
    "a place to go on to": {"redirect_uri": "https://evil.example/"},
    "an endless answer": {"padding": "x" * 5000},
}


@pytest.mark.parametrize("how", HOSTILE)
async def test_a_forged_answer_is_refused_and_the_true_one_still_counts(world: World, how: str):
    authorization_id, asked = await world.asked()
    said = consented(asked["state"])
    for name, value in HOSTILE[how].items():
        if value is None:
            del said[name]
        else:
            said[name] = value.replace("{id}", authorization_id).replace("{state}", said["state"]).replace("{STATE}", said["state"].upper())
    await _refused(world, authorization_id, urlencode(said))
    assert await world.answer(authorization_id, **consented(asked["state"])) is Stage.CONNECTED


@pytest.mark.parametrize("twice", ["state", "tenant", "admin_consent", "error"])
async def test_a_parameter_that_comes_twice_is_refused(world: World, twice: str):
    authorization_id, asked = await world.asked()
    said = consented(asked["state"]) | ({"error": "x"} if twice == "error" else {})
    await _refused(world, authorization_id, urlencode([*said.items(), (twice, said[twice])]))


async def test_an_answer_counts_once(world: World):
    authorization_id, asked = await world.asked()
    await world.answer(authorization_id, **consented(asked["state"]))
    with pytest.raises(Rejected):
        await world.answer(authorization_id, **consented(asked["state"], OTHER_TENANT))
    assert [made.tenant_id for made in world.connections.made.values()] == [TENANT]


async def test_a_refusal_uses_the_state_up(world: World):
    authorization_id, asked = await world.asked()
    await world.answer(authorization_id, error="access_denied", state=asked["state"])
    with pytest.raises(Rejected):
        await world.answer(authorization_id, **consented(asked["state"]))
    assert world.connections.made == {}


@pytest.mark.parametrize("cookie", ["", "invented"])
async def test_an_answer_in_another_browser_is_refused(world: World, cookie: str):
    authorization_id, asked = await world.asked()
    await _refused(world, authorization_id, urlencode(consented(asked["state"])), lambda _: cookie)


async def test_the_cookie_of_another_consent_does_not_answer_for_this_one(world: World):
    other, _ = await world.asked()
    authorization_id, asked = await world.asked()
    await _refused(world, authorization_id, urlencode(consented(asked["state"])), lambda _: world.cookies[other])


async def test_the_state_of_another_consent_does_not_answer_for_this_one(world: World):
    other, asked_other = await world.asked()
    authorization_id, _ = await world.asked()
    forged = f"{authorization_id}.{asked_other['state'].partition('.')[2]}"
    await _refused(world, authorization_id, urlencode(consented(forged)))
    assert await world.stage(other) is Stage.ASKED


async def test_an_answer_that_comes_too_late_is_refused(world: World):
    authorization_id, asked = await world.asked()
    world.clock.at += STATE_LIFE
    await _refused(world, authorization_id, urlencode(consented(asked["state"])))


async def test_an_older_question_is_void_once_the_browser_asked_again(world: World):
    authorization_id, address = await world.begun()
    _, first, cookie = await world.consents.ask(address, "")
    _, second, world.cookies[authorization_id] = await world.consents.ask(address, cookie)
    states = [parse_qs(urlsplit(to).query)["state"][0] for to in (first, second)]
    await _refused(world, authorization_id, urlencode(consented(states[0])))
    assert await world.answer(authorization_id, **consented(states[1])) is Stage.CONNECTED


async def test_two_answers_at_once_count_once(world: World):
    authorization_id, asked = await world.asked()
    query = urlencode(consented(asked["state"]))
    seen = world.cookies[authorization_id]
    rows = AuthorizationRows(world.tables)
    read = await rows.read(authorization_id)
    assert read is not None
    await world.consents.take_answer(query, lambda _: seen)
    with pytest.raises(SyncError):
        await rows.replace(read[0], read[1])  # whoever read before cannot write any more


# The address


async def test_looking_at_the_address_changes_nothing(world: World):
    authorization_id, address = await world.begun()
    for _ in range(2):
        assert (await world.consents.open(address, "")).by == BY
    assert await world.stage(authorization_id) is Stage.WAITING


@pytest.mark.parametrize("wrong", ["{id}.", "{id}.guess", "{id}", "DZ" + "A" * 18 + ".x", "", "..", "%2e%2e"])
async def test_a_wrong_address_opens_nothing(world: World, wrong: str):
    authorization_id, _ = await world.begun()
    with pytest.raises(Rejected):
        await world.consents.ask(wrong.replace("{id}", authorization_id), "")
    assert await world.stage(authorization_id) is Stage.WAITING


async def test_an_address_opened_in_one_browser_does_not_open_in_another(world: World):
    authorization_id, address = await world.begun()
    _, _, cookie = await world.consents.ask(address, "")
    for other in ("", "invented"):
        with pytest.raises(Rejected):
            await world.consents.ask(address, other)
    await world.consents.ask(address, cookie)
    assert await world.stage(authorization_id) is Stage.ASKED


async def test_an_address_expires(world: World):
    _, address = await world.begun()
    world.clock.at += TICKET_LIFE
    with pytest.raises(Rejected):
        await world.consents.open(address, "")


async def test_consents_are_forgotten_after_a_day(world: World):
    old, _ = await world.begun()
    world.clock.at += KEPT - timedelta(seconds=1)
    await world.begun()
    assert await world.stage(old) is Stage.WAITING
    world.clock.at += timedelta(seconds=1)
    await world.begun()
    with pytest.raises(NotFound):
        await world.stage(old)


@pytest.mark.parametrize("site", [Site("", SITE.authority, SITE.client_id), Site(SITE.public_url, SITE.authority, "")])
async def test_a_deployment_that_nobody_could_come_back_to_says_what_to_set(world: World, site: Site):
    consents = Consents(AuthorizationRows(world.tables), world.connections, site, world.clock)
    with pytest.raises(Misconfigured, match="set "):
        await consents.begin(by=BY)


async def test_a_connection_that_is_not_there_is_not_authorized_again(world: World):
    with pytest.raises(NotFound):
        await world.begun(connection_id="DC" + "A" * 18)
