"""A made tenant holds what real ones hold."""

import re
import unicodedata
from collections import Counter

import msgspec
import pytest

from local.tenant.generation import EXTENSION, generate
from local.tenant.model import Properties, Tenant
from local.tenant.properties import USER, encode, row


@pytest.fixture(scope="module")
def made() -> Tenant:
    return generate(2000, seed=7)


@pytest.fixture(scope="module")
def users(made: Tenant) -> list[Properties]:
    return list(made.users.values())


def whole(tenant: Tenant) -> bytes:
    return msgspec.json.encode([tenant.users, tenant.groups, [tenant.direct_members(group) for group in tenant.groups]])


def test_the_same_number_makes_the_same_tenant():
    assert whole(generate(300, seed=5)) == whole(generate(300, seed=5))
    assert whole(generate(300, seed=5)) != whole(generate(300, seed=6))


@pytest.mark.parametrize(("size", "groups"), [(0, 20), (1, 20), (7, 1), (250, 60)])
def test_a_tenant_has_the_size_asked_for(size: int, groups: int):
    tenant = generate(size, groups=groups)
    assert len(tenant.users) == size
    assert len(tenant.groups) == max(groups, 19)


def test_users_are_in_about_three_groups_and_some_in_nearly_all(made: Tenant, users: list[Properties]):
    direct = [len(made.direct_groups(user["id"])) for user in users]
    assert 2.5 < sum(direct) / len(direct) < 3.5
    assert max(direct) > 15


def test_groups_are_nested_and_two_of_them_in_a_circle(made: Tenant):
    by_name = {group["displayName"]: group["id"] for group in made.groups.values()}
    assert len(made.transitive_users(by_name["All Staff"])) == 2000
    assert by_name["Partners A"] in made.transitive_groups(by_name["Partners B"])
    assert by_name["Partners B"] in made.transitive_groups(by_name["Partners A"])
    assert made.transitive_users(by_name["Empty"]) == []


def test_some_are_guests_some_disabled_some_without_mail(users: list[Properties]):
    guests = [user for user in users if user["userType"] == "Guest"]
    assert all(user["userPrincipalName"].count("#EXT#@") == 1 for user in guests)
    for few in (guests, [user for user in users if not user["accountEnabled"]], [user for user in users if "mail" not in user]):
        assert 40 < len(few) < 200


def test_names_are_of_many_scripts_and_user_principal_names_have_apostrophes(users: list[Properties]):
    scripts = {unicodedata.name(character).split()[0] for user in users for character in user["displayName"]}
    assert scripts >= {"CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "BENGALI", "THAI", "CJK", "HANGUL", "GEORGIAN", "ARMENIAN"}
    assert any("'" in user["userPrincipalName"] for user in users)


def test_two_users_share_a_mail_nickname_and_two_an_extension_attribute(users: list[Properties]):  # B-013
    nicknames = Counter(user["mailNickname"].casefold() for user in users)
    attributes = Counter(user.get("onPremisesExtensionAttributes", {}).get("extensionAttribute1") for user in users)
    del attributes[None]
    assert set(nicknames.values()) == set(attributes.values()) == {1, 2}
    assert len({user["userPrincipalName"].casefold() for user in users}) == len(users)


def test_business_phones_come_in_several_formats_or_not_at_all(users: list[Properties]):  # B-074, B-075
    numbers = [phone for user in users for phone in user["businessPhones"]]
    shapes = {re.sub(r"\d", "9", number) for number in numbers}
    assert len(shapes) > 6
    assert any(number.startswith("+") for number in numbers)
    assert any("x" in number for number in numbers)
    assert any(not user["businessPhones"] for user in users)


def test_a_row_with_everything_selected_is_about_as_long_as_graphs(users: list[Properties]):
    names = (*USER.default, "accountEnabled", "companyName", "department", "employeeId", "mailNickname", "otherMails", "proxyAddresses",
        "onPremisesSamAccountName", "onPremisesDistinguishedName", "onPremisesExtensionAttributes", "userType", EXTENSION)  # fmt: skip
    average = sum(len(encode(row(user, names))) for user in users) / len(users)
    assert 800 < average < 1400
