"""What changes of a tenant mean for memberships."""

import pytest

from local.tenant.model import Taken, Tenant, Unknown
from tests.tenant.conftest import ANN, BEA, CARL, EMPTY, FIELD, GUEST, OUTSIDER, SALES, STAFF, person


def test_a_circle_of_groups_holds_the_users_of_all_of_them(tenant: Tenant):  # B-033
    for group in (STAFF, SALES, FIELD):
        assert tenant.transitive_users(group) == [ANN, BEA, CARL, GUEST]
    assert tenant.transitive_groups(ANN) == {STAFF, SALES, FIELD}


def test_a_group_in_a_circle_is_a_member_of_the_others_not_of_itself(tenant: Tenant):
    assert tenant.transitive_groups(STAFF) == {SALES, FIELD}


def test_who_quits_a_nested_group_is_out_of_the_groups_above(tenant: Tenant):
    tenant.quit(SALES, [BEA, OUTSIDER])
    assert tenant.transitive_users(STAFF) == [ANN, CARL, GUEST]
    assert tenant.transitive_groups(BEA) == set()


def test_a_deleted_group_takes_its_branch_away(tenant: Tenant):
    assert tenant.transitive_users(STAFF) == [ANN, BEA, CARL, GUEST]
    tenant.remove_group(SALES)
    assert tenant.transitive_users(STAFF) == [ANN]
    assert tenant.direct_members(STAFF) == [ANN]
    assert tenant.transitive_users(FIELD) == [ANN, GUEST]
    assert tenant.transitive_groups(CARL) == set()
    with pytest.raises(Unknown):
        tenant.transitive_users(SALES)


def test_a_deleted_user_is_in_no_group_and_frees_the_name(tenant: Tenant):
    tenant.remove_user(BEA)
    assert tenant.transitive_users(STAFF) == [ANN, CARL, GUEST]
    assert tenant.find_user("bea@contoso.example") is None
    tenant.add_user(person("new", "Bea again", "Bea@contoso.example"))
    assert tenant.direct_groups("new") == set()


def test_a_user_principal_name_belongs_to_one_user_whatever_its_case(tenant: Tenant):
    with pytest.raises(Taken):
        tenant.add_user(person("new", "Bea", "BEA@contoso.example"))
    with pytest.raises(Taken):
        tenant.update_user(CARL, {"userPrincipalName": "BEA@contoso.example"})
    for user in (BEA, CARL):
        assert tenant.find_user(tenant.user(user)["userPrincipalName"]) is tenant.users[user]


def test_an_update_sets_properties_and_null_takes_them_away(tenant: Tenant):
    tenant.update_user(ANN, {"mail": None, "jobTitle": "Lead", "userPrincipalName": "ann@contoso.example"})
    assert tenant.find_user("ann@contoso.example") == {
        "id": ANN, "displayName": "Ann O'Brien", "userPrincipalName": "ann@contoso.example", "accountEnabled": True,
        "businessPhones": ["+1 206 555 0100"], "jobTitle": "Lead",
    }  # fmt: skip
    assert tenant.find_user("ann.o'brien@contoso.example") is None


def test_nobody_unknown_becomes_a_member(tenant: Tenant):
    with pytest.raises(Unknown):
        tenant.join(EMPTY, ["nobody"])
    with pytest.raises(Unknown):
        tenant.join("no group", [ANN])


def test_every_change_shows_in_the_version(tenant: Tenant):
    seen = {tenant.version}
    tenant.update_user(ANN, {"jobTitle": "x"})
    seen.add(tenant.version)
    tenant.join(EMPTY, [ANN])
    seen.add(tenant.version)
    tenant.update_group(EMPTY, {"displayName": "y"})
    seen.add(tenant.version)
    tenant.quit(EMPTY, [ANN])
    seen.add(tenant.version)
    assert len(seen) == 5
