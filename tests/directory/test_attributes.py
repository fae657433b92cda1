"""Which mappings may be, and what they make of a source user."""

import pytest

from sync_core.directory.attributes import PORTAL_NAMES, Mapping, apply_mapping, check, graph_named
from sync_core.directory.phones import Slot
from sync_core.errors import Rejected

EXTENSION = "onPremisesExtensionAttributes.extensionAttribute"


def refused(mapping: Mapping) -> str:
    """The field that the refusal names."""
    with pytest.raises(Rejected) as refusal:
        check(mapping)
    return refusal.value.field


def test_the_defaults_are_principal_name_display_name_and_mail_and_nothing_else():  # B-040, B-042, B-045, B-048, B-049, B-050, B-060
    mapping = Mapping()

    check(mapping)
    assert (mapping.username, mapping.realname, mapping.email) == ("userPrincipalName", "displayName", "mail")
    assert (mapping.notes, mapping.aliases, mapping.normalize) == ("", {}, False)


def test_each_attribute_is_read_once_in_the_order_of_fields_and_positions():
    mapping = Mapping(username="mail", notes="jobTitle", aliases={"3": "mail", "1": "employeeId"})

    assert mapping.sources == ("mail", "displayName", "jobTitle", "employeeId")


def test_mapped_fields_come_from_their_attributes():  # B-040
    mapping = Mapping(notes="jobTitle", aliases={"2": "mailNickname", "8": "employeeId"})

    mapped = apply_mapping(mapping, ("ann@corp.example", "Ann Lind", "", "Smith", "a", ""))

    assert (mapped.username, mapped.realname, mapped.email, mapped.notes) == ("ann@corp.example", "Ann Lind", "", "Smith")
    assert mapped.aliases == {"2": "a", "8": ""}


def test_names_lose_their_outer_blanks_and_nothing_else_does():
    mapped = apply_mapping(Mapping(aliases={"1": "mailNickname"}), (" ann ", " Ann ", " mail ", " a "))

    assert (mapped.username, mapped.realname, mapped.email, mapped.aliases) == ("ann", " Ann ", " mail ", {"1": "a"})


def test_notes_that_are_not_imported_are_none_and_empty_ones_are_empty():  # B-050, B-051
    assert apply_mapping(Mapping(), ("ann", "Ann", "")).notes is None
    assert apply_mapping(Mapping(notes="jobTitle"), ("ann", "Ann", "", "")).notes == ""


def test_normalization_concerns_the_username_only():  # B-061, B-062
    mapping = Mapping(normalize=True, aliases={"1": "mail"})

    mapped = apply_mapping(mapping, ("ann@corp.example", "Ann", "ann@corp.example"))

    assert (mapped.username, mapped.email, mapped.aliases) == ("ann", "ann@corp.example", {"1": "ann@corp.example"})


def test_values_that_do_not_fit_the_mapping_are_refused():
    with pytest.raises(ValueError, match="2 values for 3 attributes"):
        apply_mapping(Mapping(), ("ann", "Ann"))


@pytest.mark.parametrize("source", ["onPremisesSamAccountName", "onPremisesDistinguishedName"])
def test_two_attributes_are_no_source_of_usernames_but_may_be_aliases(source: str):  # B-044
    assert refused(Mapping(username=source)) == "username"
    check(Mapping(aliases={"1": source}))


@pytest.mark.parametrize("source", ["proxyAddresses", "businessPhones", "", "accountEnabled", "userprincipalname"])
def test_a_username_needs_a_text_attribute(source: str):  # B-041, B-042
    assert refused(Mapping(username=source)) == "username"


def test_full_name_and_email_need_a_source_and_notes_do_not():  # B-048, B-049, B-050
    assert refused(Mapping(realname="")) == "realname"
    assert refused(Mapping(email="")) == "email"
    assert refused(Mapping(realname="nickname")) == "realname"
    assert refused(Mapping(email="smtp")) == "email"
    assert refused(Mapping(notes="remarks")) == "notes"
    check(Mapping(notes=""))


def test_there_are_eight_aliases_each_at_a_position_of_its_own():  # B-045
    check(Mapping(aliases={str(position): "mailNickname" for position in range(1, 9)}))
    for position in ("0", "9", "01", "first", ""):
        assert refused(Mapping(aliases={position: "mailNickname"})) == "aliases"
    assert refused(Mapping(aliases={"4": ""})) == "aliases.4"


@pytest.mark.parametrize("source", [EXTENSION + "1", EXTENSION + "15", "extension_" + "0" * 32 + "_costCenter", "otherMails", "id"])
def test_extension_and_list_attributes_may_be_imported(source: str):  # B-041
    check(Mapping(email=source, aliases={"1": source}))


@pytest.mark.parametrize(
    "source", [EXTENSION + "0", EXTENSION + "16", EXTENSION, "extension_abc_x", "extension_" + "0" * 32 + "_", "mail,id", "manager/id"]
)
def test_what_is_no_attribute_cannot_be_asked_for(source: str):  # B-041
    assert refused(Mapping(email=source)) == "email"


def test_normalization_exists_only_for_the_default_username_source():  # B-065
    check(Mapping(normalize=True))
    assert refused(Mapping(username="mail", normalize=True)) == "normalize"


def test_phones_are_not_imported_by_default():  # B-070
    assert Mapping().phones == ()
    assert apply_mapping(Mapping(), ("ann", "Ann", "")).phones == ()


def test_phones_come_from_their_sources_as_they_are_written():  # B-071
    mapping = Mapping(primary_phone="businessPhones", secondary_phone="mobilePhone")

    check(mapping)
    assert mapping.sources[-2:] == ("businessPhones", "mobilePhone")
    mapped = apply_mapping(mapping, ("ann", "Ann", "", " 734-555-9876 ", ""))
    assert mapped.phones == ((Slot.PRIMARY, "734-555-9876"), (Slot.SECONDARY, ""))


def test_one_attribute_may_be_a_phone_and_something_else():
    mapping = Mapping(primary_phone="mobilePhone", notes="mobilePhone")

    assert apply_mapping(mapping, ("ann", "Ann", "", "1")).phones == ((Slot.PRIMARY, "1"),)


def test_sources_of_phones_are_checked_and_a_secondary_one_needs_a_primary_one():  # B-071
    assert refused(Mapping(primary_phone="manager")) == "phones.primary"
    assert refused(Mapping(primary_phone="mobilePhone", secondary_phone="manager")) == "phones.secondary"
    assert refused(Mapping(secondary_phone="mobilePhone")) == "phones.primary"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (Mapping(realname=""), "realname needs a source attribute"),
        (Mapping(aliases={"9": "mail"}), 'alias positions are "1" to "8", not \'9\''),
        (Mapping(secondary_phone="mobilePhone"), "a secondary phone needs a primary one"),
        (Mapping(username="mail", normalize=True), "usernames are normalized only when their source is userPrincipalName"),
        (
            Mapping(username="onPremisesSamAccountName"),
            "onPremisesSamAccountName cannot be the source of usernames; it may be an alias",
        ),
        (Mapping(username="otherMails"), "otherMails has several values and cannot be the source of usernames"),
        (Mapping(notes="remarks"), "'remarks' is not an attribute of Microsoft Graph users that can be imported as text"),
    ],
)
def test_a_mapping_that_cannot_be_says_why(mapping: Mapping, words: str):  # B-042..B-049, B-065, B-071
    with pytest.raises(Rejected) as refusal:
        check(mapping)

    assert str(refusal.value) == words


def test_the_portals_names_are_taken_for_microsoft_graphs_in_any_case():  # B-041
    shown = Mapping(
        username="User principal name", email="Other emails", notes="Job title", aliases={"3": "OBJECT ID"}, primary_phone="Office phone"
    )
    taken = graph_named(shown)
    assert (taken.username, taken.email, taken.notes, taken.aliases) == ("userPrincipalName", "otherMails", "jobTitle", {"3": "id"})
    assert (taken.realname, taken.primary_phone, taken.secondary_phone) == ("displayName", "businessPhones", "")
    check(taken)


@pytest.mark.parametrize("name", PORTAL_NAMES)
def test_each_of_the_portals_names_is_an_attribute_that_can_be_imported(name: str):  # B-041
    check(graph_named(Mapping(notes=name.title())))


@pytest.mark.parametrize("name", ["", "mail", "Favourite colour", "extension_0123456789abcdef0123456789abcdef_badge"])
def test_other_names_stay_as_they_are(name: str):
    assert graph_named(Mapping(notes=name)).notes == name
