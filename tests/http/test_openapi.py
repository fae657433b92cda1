"""The API's own description."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.http.calls import Api
from triggers.http.problems import KINDS


@pytest.fixture
async def described(api: Api) -> dict[str, Any]:
    answer = await api.client.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": operation for path, item in described["paths"].items() for method, operation in item.items()}


def test_the_document_is_valid(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(described).validate()


def test_every_operation_is_described_and_says_how_it_refuses(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        assert operation["summary"], name
        assert operation["description"], name
        refusals = {status for status in operation["responses"] if status >= "400"}
        assert "422" not in refusals, name
        assert refusals >= ({"503"} if name == "get /healthz" else {"400", "401", "403", "500", "503"}), name


def test_every_property_and_parameter_has_an_example_or_explains_itself(described: dict[str, Any]) -> None:
    for name, schema in described["components"]["schemas"].items():
        for field, described_as in schema.get("properties", {}).items():
            of_a_model = "$ref" in described_as.get("items", described_as)
            a_time = "date-time" in str(described_as)
            assert described_as.keys() & {"examples", "description"} or of_a_model or a_time or name == "Problem", f"{name}.{field}"
    for name, operation in operations(described).items():
        for parameter in operation.get("parameters", []):
            assert parameter["examples"], f"{name} {parameter['name']}"
            assert parameter["description"], f"{name} {parameter['name']}"


def test_all_but_health_needs_a_signature_that_the_document_explains(described: dict[str, Any]) -> None:
    assert described["security"] == [{"signature": []}]
    assert "HMAC-SHA512" in described["components"]["securitySchemes"]["signature"]["description"]
    assert [name for name, operation in operations(described).items() if operation.get("security") == []] == ["get /healthz"]


def test_whatever_asks_entra_says_that_entra_may_refuse(described: dict[str, Any]) -> None:  # B-028, B-131
    found = operations(described)
    asking = {name for name, operation in found.items() if "424" in operation["responses"]}
    assert asking == {
        "get /api/v1/connections/{connection_id}/groups",
        "patch /api/v1/syncs/{directory_key}",
        "post /api/v1/connections",
        "post /api/v1/connections/{connection_id}/move",
        "post /api/v1/syncs",
        "post /api/v1/syncs/{directory_key}/preview",
        "post /api/v1/syncs/{directory_key}/resume",
        "post /api/v1/syncs/{directory_key}/users:sync",
        "post /api/v1/users/{user_id}/sync",
    }
    assert {name for name, operation in found.items() if "502" in operation["responses"]} == asking


def test_the_type_of_a_problem_leads_to_its_description(described: dict[str, Any]) -> None:
    responses = described["components"]["responses"]
    for kind in KINDS:
        example = responses[kind.name]["content"]["application/problem+json"]["example"]
        _, _, pointer = example["type"].partition("#/components/responses/")
        assert responses[pointer]["description"] == kind.meaning


def test_what_the_document_lists_is_what_is_served(described: dict[str, Any]) -> None:
    assert sorted(operations(described)) == [
        "delete /api/v1/connections/{connection_id}",
        "delete /api/v1/groups/{group_id}",
        "delete /api/v1/groups/{group_id}/members/{user_id}",
        "delete /api/v1/integrations/{ikey}",
        "delete /api/v1/syncs/{directory_key}",
        "delete /api/v1/trash/{user_id}",
        "delete /api/v1/users/{user_id}",
        "delete /api/v1/users/{user_id}/lockout",
        "delete /api/v1/users/{user_id}/phones/{phone_id}",
        "get /api/v1/authorizations/{authorization_id}",
        "get /api/v1/connections",
        "get /api/v1/connections/{connection_id}",
        "get /api/v1/connections/{connection_id}/groups",
        "get /api/v1/groups",
        "get /api/v1/groups/{group_id}",
        "get /api/v1/groups/{group_id}/members",
        "get /api/v1/integrations",
        "get /api/v1/integrations/{ikey}",
        "get /api/v1/log",
        "get /api/v1/runs/{reference_code}",
        "get /api/v1/runs/{reference_code}/changes",
        "get /api/v1/runs/{reference_code}/diagnostics",
        "get /api/v1/runs/{reference_code}/held",
        "get /api/v1/runs/{reference_code}/outcomes",
        "get /api/v1/runs/{reference_code}/skips",
        "get /api/v1/settings",
        "get /api/v1/summary",
        "get /api/v1/syncs",
        "get /api/v1/syncs/{directory_key}",
        "get /api/v1/syncs/{directory_key}/explain",
        "get /api/v1/syncs/{directory_key}/held",
        "get /api/v1/syncs/{directory_key}/runs",
        "get /api/v1/trash",
        "get /api/v1/users",
        "get /api/v1/users/{user_id}",
        "get /api/v1/users/{user_id}/access",
        "get /api/v1/users/{user_id}/history",
        "get /api/v1/users/{user_id}/phones",
        "get /api/v1/users/{user_id}/phones/{phone_id}",
        "get /healthz",
        "patch /api/v1/connections/{connection_id}",
        "patch /api/v1/groups/{group_id}",
        "patch /api/v1/settings",
        "patch /api/v1/syncs/{directory_key}",
        "patch /api/v1/users/{user_id}",
        "patch /api/v1/users/{user_id}/phones/{phone_id}",
        "post /api/v1/authorizations",
        "post /api/v1/connections",
        "post /api/v1/connections/{connection_id}/move",
        "post /api/v1/groups",
        "post /api/v1/integrations",
        "post /api/v1/integrations/{ikey}/secret",
        "post /api/v1/runs/{reference_code}/cancel",
        "post /api/v1/runs/{reference_code}/skips/{object_id}/confirm",
        "post /api/v1/syncs",
        "post /api/v1/syncs/{directory_key}/accept-move",
        "post /api/v1/syncs/{directory_key}/held/approve",
        "post /api/v1/syncs/{directory_key}/held/discard",
        "post /api/v1/syncs/{directory_key}/pause",
        "post /api/v1/syncs/{directory_key}/preview",
        "post /api/v1/syncs/{directory_key}/resume",
        "post /api/v1/syncs/{directory_key}/runs",
        "post /api/v1/syncs/{directory_key}/users:sync",
        "post /api/v1/users",
        "post /api/v1/users/import",
        "post /api/v1/users/{user_id}/lockout",
        "post /api/v1/users/{user_id}/phones",
        "post /api/v1/users/{user_id}/sync",
        "put /api/v1/groups/{group_id}/members/{user_id}",
    ]
