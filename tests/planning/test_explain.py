"""From which attribute each field comes, and through which groups a user is selected (D-13)."""

from sync_core.directory.attributes import Mapping
from sync_core.entra.port import SourceGroup, SourceUser
from sync_core.planning.explain import Step, Value, paths, values_of


def test_each_field_is_told_with_its_source_and_what_becomes_of_it():
    mapping = Mapping(normalize=True, notes="jobTitle", aliases={"8": "mail", "2": "mailNickname"})
    user = SourceUser("o1", True, ("Ann@corp.example", "Ann Lind", "ann@corp.example", "Smith", " al "))

    assert values_of(mapping, user) == (
        Value(field="username", source="userPrincipalName", value="Ann@corp.example", becomes="Ann"),
        Value(field="realname", source="displayName", value="Ann Lind", becomes="Ann Lind"),
        Value(field="email", source="mail", value="ann@corp.example", becomes="ann@corp.example"),
        Value(field="notes", source="jobTitle", value="Smith", becomes="Smith"),
        Value(field="alias2", source="mailNickname", value=" al ", becomes="al"),
        Value(field="alias8", source="mail", value="ann@corp.example", becomes="ann@corp.example"),
    )


def test_what_is_not_imported_is_not_told():  # B-050
    told = values_of(Mapping(), SourceUser("o1", True, ("ann", "Ann", "")))

    assert [value.field for value in told] == ["username", "realname", "email"]


def test_notes_without_a_value_are_empty():
    told = values_of(Mapping(notes="jobTitle"), SourceUser("o1", True, ("ann", "Ann", "", "")))

    assert told[-1] == Value(field="notes", source="jobTitle", value="", becomes="")


def steps(**parents: str) -> dict[str, Step]:
    """Groups by id, each with the ids of those that it is in, a letter each; a group's name is its id in capitals."""
    return {group: Step(SourceGroup(group, group.upper()), tuple(above)) for group, above in parents.items()}


def test_the_way_to_a_group_is_the_shortest_from_where_the_user_is_itself():  # B-033
    house = steps(a="b", b="cd", c="e", d="", e="", f="e")

    found = paths(["a", "f"], house, ["e", "a", "d"])

    assert found == {"e": ("F", "E"), "a": ("A",), "d": ("A", "B", "D")}


def test_groups_that_are_in_each_other_and_groups_that_nothing_is_known_of_are_passed_by():
    house = steps(a="b", b="axc", c="")

    assert paths(["a", "x"], house, ["a", "c", "x", "y"]) == {"a": ("A",), "c": ("A", "B", "C")}
