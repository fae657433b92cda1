"""Tenants of government clouds (B-005, D-31)."""

import pytest

from local.tenant.generation import generate
from local.tenant.model import Organization, Tenant
from local.tenant.serving import Running, serve
from sync_core.entra.cloud import REFUSED, Cloud
from sync_core.errors import Reauthorize, Rejected, Transient
from sync_core.settings import Settings
from sync_core.tally import tally
from tests.entra.conftest import settings
from tests.entra.test_credentials import SECRET, opened


def tenant(sub_scope: str) -> Tenant:
    made = generate(10)
    made.organization = Organization(made.organization.id, "Agency", "agency.example", sub_scope)
    return made


def of(running: Running, **values: str) -> Settings:
    return settings(running.graph_url, **{"authority_url": running.login_url, "entra_authority_ca": str(running.ca_file or ""), **values})


@pytest.mark.parametrize("sub_scope", ["DOD", "DODCON"])
async def test_a_gcc_high_or_dod_tenant_is_refused_before_a_token_is_asked_for(sub_scope: str):
    async with serve(tenant(sub_scope), tls=True) as running, opened(running, **SECRET) as directory:
        with pytest.raises(Rejected, match="GCC High and DoD tenants are not supported"):
            await directory.organization()
        assert running.requests.counts == {"discovery": 1}


@pytest.mark.parametrize("sub_scope", ["", "GCC"])
async def test_a_commercial_or_gcc_tenant_is_accepted_and_asked_once(sub_scope: str):
    async with serve(tenant(sub_scope), tls=True) as running, opened(running, **SECRET) as directory:
        with tally() as counts:
            assert await directory.organization() == await directory.organization() == (running.tenant_id, "Agency")
        assert running.requests.counts == {"discovery": 1, "token": 1, "organization": 2}
        assert counts == {"graph": 3}


@pytest.mark.parametrize(
    "urls", [{"authority_url": "https://login.microsoftonline.us"}, {"graph_base_url": "https://graph.microsoft.us/v1.0"}]
)
async def test_the_addresses_of_the_us_government_cloud_are_refused(urls: dict[str, str]):
    addresses = {"graph_base_url": "https://graph.microsoft.com/v1.0", **urls}

    with pytest.raises(Rejected) as caught:
        await Cloud(settings(addresses.pop("graph_base_url"), **addresses), "tenant").check()
    assert str(caught.value) == REFUSED


async def test_a_tenant_that_entra_does_not_know_is_no_cloud_at_all():
    async with serve(tenant(""), tls=True) as running:
        with pytest.raises(Reauthorize, match="AADSTS90002"):
            await Cloud(of(running), "other.example").check()


async def test_an_authority_that_is_away_is_asked_again_later():
    async with serve(tenant("")) as running:
        away = of(running, authority_url="https://127.0.0.1:9")

    with pytest.raises(Transient):
        await Cloud(away, "tenant").check()


async def test_what_is_no_openid_configuration_is_no_answer():
    async with serve(tenant("DOD")) as running:
        # the path of the configuration, below /v1.0 of Graph: an error that is no OAuth one
        elsewhere = of(running, authority_url=f"{running.url}/control")
        with pytest.raises(Exception, match="answered") as caught:
            await Cloud(elsewhere, running.tenant_id).check()
    assert not isinstance(caught.value, Rejected)
