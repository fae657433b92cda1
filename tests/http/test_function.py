"""The HTTP trigger: what the host hands over reaches the app, whatever bytes are in its path."""

import json
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from tests.http.calls import Api
from triggers.http.function import blueprint

UNREADABLE = ["/api/v1/users/%ff", "/api/v1/users/%ED%A0%80", "/api/v1/users/a%C3", "/%ff", "/api/admin/v1/users/%ff"]


async def asked(api: Api, path: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    app = func.FunctionApp()
    app.register_functions(blueprint(api.give))
    (function,) = app.get_functions()
    serve: Any = function.get_user_function()
    request = func.HttpRequest("GET", f"http://api.example.com{path}?limit=1", headers={"host": "api.example.com"}, body=b"")
    answer = await serve(request, SimpleNamespace())
    return answer.status_code, json.loads(answer.get_body()), {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize("path", UNREADABLE)
async def test_a_path_that_is_not_utf_8_is_refused_in_the_words_of_its_api(api: Api, path: str) -> None:
    status, said, headers = await asked(api, path)

    assert status == 400
    assert "the path is not UTF-8" in str(said)
    assert said["code"] == 40002
    assert ("stat" in said) == path.startswith("/api/admin")
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_path_that_can_be_read_arrives_as_it_is(api: Api) -> None:
    status, said, _ = await asked(api, "/now%C3%A9here/%25ff")
    assert status == 404
    assert "/nowéhere/%ff" in said["detail"]
