"""A tenant from a folder of JSON as Graph returns it."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.tenant.folder import Unreadable, load
from tests.tenant.conftest import ANN, BEA, GUEST, SALES, STAFF, TENANT_ID, person

DEVICE = "d0000000-0000-4000-8000-000000000001"


def write(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def exported() -> dict[str, Any]:
    return {
        "users": [
            person(ANN, "Ann", "ann@fabrikam.example", mail=None),
            {"@odata.type": "x", **person(BEA, "Bea", "bea@fabrikam.example")},
        ],
        "groups": [{"id": STAFF, "displayName": "Staff"}, {"id": SALES, "displayName": "Sales"}],
        "members": {STAFF: [ANN, SALES, DEVICE], SALES: [BEA]},
    }


def test_users_groups_and_nested_members_are_read(tmp_path: Path):
    tenant = load(write(tmp_path, **exported()))
    assert tenant.transitive_users(STAFF) == [ANN, BEA]
    assert tenant.users[BEA] == person(BEA, "Bea", "bea@fabrikam.example")
    assert tenant.organization.domain == "fabrikam.example"


def test_a_graph_collection_is_read_like_a_list(tmp_path: Path):
    files = exported()
    files["users"] = {"@odata.context": "x", "value": files["users"]}
    assert set(load(write(tmp_path, **files)).users) == {ANN, BEA}


def test_an_organization_file_names_the_tenant(tmp_path: Path):
    domains = [{"name": "other.example"}, {"name": "fabrikam.example", "isDefault": True}]
    organization = {"value": [{"id": TENANT_ID, "displayName": "Fabrikam", "verifiedDomains": domains}]}
    loaded = load(write(tmp_path, organization=organization, **exported())).organization
    assert (loaded.id, loaded.name, loaded.domain) == (TENANT_ID, "Fabrikam", "fabrikam.example")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"users": [{"id": ANN}]}, r"users\.json: entry 0 has no userPrincipalName"),
        ({"groups": [{"displayName": "Staff"}]}, r"groups\.json: entry 0 has no id"),
        ({"members": {GUEST: []}}, "which groups.json does not have"),
        ({"members": [ANN]}, r"members\.json: Expected `object`"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_named(tmp_path: Path, change: dict[str, Any], text: str):
    with pytest.raises(Unreadable, match=text):
        load(write(tmp_path, **{**exported(), **change}))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(Unreadable, match=r"users\.json cannot be read"):
        load(tmp_path)
