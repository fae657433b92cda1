"""What is noted of requests to Entra (B-180)."""

import pytest

from local.tenant.faults import TokenError
from local.tenant.generation import generate
from local.tenant.serving import serve
from sync_core.entra.directories import Directories
from sync_core.entra.trail import MOST, Asked, note, shown_path, trail, without_addresses
from sync_core.errors import SyncError
from tests.entra.conftest import settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://graph/v1.0/groups/g/members?$select=id,mail&$top=999&$count=true",
            "/v1.0/groups/g/members?$select=id,mail&$top=999&$count=true",
        ),
        ("https://graph/v1.0/users?$filter=mail eq 'ann@corp.example'&$search=Ann", "/v1.0/users?$filter=…&$search=…"),
        ("https://graph/v1.0/users/ann%40corp.example?$skiptoken=YW5u", "/v1.0/users/…?$skiptoken=…"),
        ("https://login/t/oauth2/v2.0/token", "/t/oauth2/v2.0/token"),
    ],
)
def test_a_path_is_told_without_what_it_says_of_people(url: str, shown: str):
    assert shown_path(url) == shown


def test_words_are_told_without_addresses():
    assert without_addresses("No user 'ann@corp.example' in c0ffee") == "No user '…' in c0ffee"


async def test_a_token_that_is_refused_is_noted_with_what_entra_said():
    async with serve(generate(30), tls=True) as entra:
        entra.faults.add(TokenError(code=7000215))
        given = {"authority_url": entra.login_url, "entra_authority_ca": str(entra.ca_file), "entra_client_secret": "a secret"}
        directories = Directories(settings(entra.graph_url, entra_client_id="11111111-2222-4333-8444-555555555555", **given))
        directory = await directories.of(entra.tenant.organization.id)
        with trail(counting=True) as seen, pytest.raises(SyncError):
            await directory.group("g")
        await directories.close()
    (asked,) = seen.asked
    assert asked.path.endswith("/oauth2/v2.0/token")
    assert (asked.method, asked.status) == ("POST", 401)
    assert asked.request_id
    assert "AADSTS7000215" in asked.error
    assert "a secret" not in asked.error


def test_of_very_many_requests_the_newest_are_kept_and_the_others_counted():
    with trail(counting=False) as seen:
        for number in range(MOST + 3):
            note(Asked(method="GET", path=f"/{number}"))
    assert (len(seen.asked), seen.left_out, seen.asked[-1].path) == (MOST, 3, f"/{MOST + 2}")


def test_nothing_is_noted_where_nobody_asked_for_it():
    note(Asked(method="GET", path="/"))
    with trail(counting=False) as seen:
        pass
    assert not seen.asked
