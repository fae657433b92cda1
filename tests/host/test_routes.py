"""Route templates and the order of routes: ASP.NET's, as the real host uses them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.paths import decoded, encoded, is_reserved
from local.host.routes import Route, first_match, parse_template


@given(st.text(min_size=0))
def test_a_catch_all_matches_every_path(path: str):
    assert parse_template("/{*route}").match("/" + path) is not None


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("items/{id}", "/Items/7/", {"id": "7"}),
        ("items/{id}", "/items", None),
        ("items/{id}", "/items/7/8", None),
        ("items/{id?}", "/items", {}),
        ("items/{id=none}", "/items", {"id": "none"}),
        ("items/{id:int}", "/items/-12", {"id": "-12"}),
        ("items/{id:int}", "/items/3000000000", None),
        ("items/{id:long}", "/items/3000000000", {"id": "3000000000"}),
        ("items/{id:int:min(5)}", "/items/4", None),
        ("items/{id:range(1,9)?}", "/items/9", {"id": "9"}),
        ("items/{name:alpha:length(2,3)}", "/items/abcd", None),
        ("items/{name:maxlength(3)}", "/items/abc", {"name": "abc"}),
        ("items/{on:bool}", "/items/TRUE", {"on": "TRUE"}),
        ("{id:guid}", "/3f2504e0-4f89-11d3-9a0c-0305e82c3301", {"id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}),
        ("v/{year:regex(^\\d{{4}}$)}", "/v/2027", {"year": "2027"}),
        ("v/{year:regex(^\\d{{4}}$)}", "/v/20270", None),
        ("files/{name}.{kind}", "/files/a.b.txt", {"name": "a.b", "kind": "txt"}),
        ("files/{**rest}", "/files/a/b", {"rest": "a/b"}),
    ],
)
def test_a_template_matches_as_in_asp_net(template: str, path: str, values: dict[str, str] | None):
    assert parse_template(template).match(path) == values


@pytest.mark.parametrize("template", ["a/{b", "a/b}", "a/{b}/{b}", "a/{}", "{id:shade}", "{id:range(1)}"])
def test_a_template_that_cannot_be_read_is_refused(template: str):
    with pytest.raises(ValueError, match=r".+"):
        parse_template(template)


def _route(template: str, target: str, *methods: str) -> Route[str]:
    return Route(parse_template(template), frozenset(methods), target)


def test_the_first_route_wins_however_general():
    routes = [_route("items/{id}", "any"), _route("items/export", "export")]

    assert first_match(routes, "GET", "/items/export") == ("any", {"id": "export"})


def test_a_route_of_another_method_is_passed_over():
    routes = [_route("items", "list", "GET"), _route("items", "add", "POST")]

    assert first_match(routes, "POST", "/items") == ("add", {})
    assert first_match(routes, "DELETE", "/items") is None


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/foo", "/ADMIN/foo", "/runtime", "/runtime/x/y", "/Runtime/"])
def test_a_path_is_reserved_by_its_first_segment_whatever_the_case(path: str):
    assert is_reserved(path)


@pytest.mark.parametrize("path", ["/", "/api/admin", "/administrators", "/runtimes/x", "//admin"])
def test_other_paths_are_not_reserved(path: str):
    assert not is_reserved(path)


def test_an_escaped_slash_stays_escaped_and_the_rest_is_decoded():
    assert decoded(b"/a%2Fb%20c/%C3%A9") == "/a%2Fb c/é"


def test_what_is_not_utf8_stays_as_it_came():
    assert decoded(b"/%ff") == "/%ff"


@given(st.text(st.characters(exclude_characters="%", exclude_categories=["Cs"])))
def test_a_path_survives_being_shown_and_read_again(path: str):
    assert decoded(encoded(path).encode()) == path
