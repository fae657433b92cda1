"""HTTP through the catch-all of an ASGI app, and through plain functions, as the real host passes it on."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host.host_process import HostProcess, write_app

ECHO = """
async def echo(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    if scope["path"] == "/broken":
        raise RuntimeError("broken")
    seen = {
        "method": scope["method"], "path": scope["path"], "query": scope["query_string"].decode(),
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]}, "body": body.decode("latin-1"),
    }
    headers = [(b"content-type", b"application/json"), (b"x-many", b"one"),
               (b"set-cookie", b"session=a+b=; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict"), (b"set-cookie", b"theme=dark")]
    status = int(scope["path"][1:]) if scope["path"][1:].isdigit() else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if status == 204 else json.dumps(seen).encode()})

app = func.AsgiFunctionApp(app=echo, http_auth_level=func.AuthLevel.ANONYMOUS)

@app.function_name("a_plain_one")
@app.route(route="plain/{id:int}/{rest?}", methods=["GET"])
def plain(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    print("printed by the app")
    return func.HttpResponse(json.dumps({"route": dict(req.route_params), "params": dict(req.params), "invocation": context.invocation_id}))

@app.function_name("a_silent_one")
@app.route(route="silent", methods=["GET"])
def silent(req: func.HttpRequest) -> str:
    return "only text"
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    with HostProcess(write_app(tmp_path_factory.mktemp("echo"), ECHO), {}) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_method_path_query_headers_and_body_arrive(host: HostProcess, method: str):
    seen = host.client.request(method, "/api/v1/users?limit=1&empty=&limit=2", headers={"X-One": "1"}, content=b"\x00\xffbody").json()

    assert (seen["method"], seen["path"], seen["query"]) == (method, "/api/v1/users", "limit=1&empty=&limit=2")
    assert seen["headers"]["x-one"] == "1"
    assert seen["body"] == "\x00\xffbody"


def test_the_callers_host_header_arrives(host: HostProcess):
    seen = host.client.get("/api/v1/users", headers={"Host": "api.example.com"}).json()

    assert seen["headers"]["host"] == "api.example.com"


def test_a_header_sent_twice_arrives_joined(host: HostProcess):
    seen = host.client.get("/", headers=[("X-Twice", "a"), ("X-Twice", "b")]).json()

    assert seen["headers"]["x-twice"] == "a,b"


def test_an_escaped_path_arrives_decoded(host: HostProcess):
    assert host.client.get("/api/caf%C3%A9%20x").json()["path"] == "/api/café x"


def test_a_large_body_arrives_whole(host: HostProcess):
    seen = host.client.post("/api", content=b"x" * 3_000_000).json()

    assert len(seen["body"]) == 3_000_000


def test_status_and_headers_come_back(host: HostProcess):
    response = host.client.get("/418")

    assert response.status_code == 418
    assert response.headers["x-many"] == "one"
    assert response.headers["content-type"] == "application/json"


def test_each_cookie_comes_back_as_a_header_of_its_own_with_its_value_escaped(host: HostProcess):
    assert host.client.get("/").headers.get_list("set-cookie") == [
        "session=a%2Bb%3D; max-age=60; path=/; secure; samesite=strict; httponly",
        "theme=dark",
    ]


def test_an_answer_without_a_body_has_no_length(host: HostProcess):
    response = host.client.get("/204")

    assert response.status_code == 204
    assert "content-length" not in response.headers


def test_a_head_request_is_answered_without_a_body(host: HostProcess):
    response = host.client.head("/api")

    assert response.status_code == 200
    assert response.content == b""


def test_a_function_that_raises_is_a_500_without_a_body_and_its_trace_is_logged(host: HostProcess):
    response = host.client.get("/broken")

    assert (response.status_code, response.content) == (500, b"")
    host.wait_for(lambda: host.log, lambda log: "RuntimeError: broken" in log)


@pytest.mark.parametrize(
    ("path", "routed"), [("/admin", "/api/admin"), ("/admin/", "/api/admin/"), ("/admin/v1/users", "/api/admin/v1/users")]
)
def test_the_gateway_sends_admin_on_to_api_admin(host: HostProcess, path: str, routed: str):
    seen = host.client.get(path + "?limit=1&offset=%2F", headers={"Host": "api.example.com"}).json()

    assert (seen["path"], seen["query"]) == (routed, "limit=1&offset=%2F")
    assert seen["headers"]["host"] == "api.example.com"


def _raw(host: HostProcess, request: str) -> str:
    """All that the host answers to these lines."""
    url = host.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(f"{request}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        with connection.makefile("rb") as answer:
            return answer.read().decode("latin-1")


@pytest.mark.parametrize(
    "wrong", ["[::1", "[]", "[::1]x", "a.example:65536", "a.example:", ":80", "x/api/..?", "a b", "a@b", "a.example\r\nHost: a.example"]
)
def test_a_host_header_that_is_none_is_refused(host: HostProcess, wrong: str):
    assert _raw(host, f"GET / HTTP/1.1\r\nHost: {wrong}").startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("right", ["a.example", "a.example:65535", "[::1]:7071", "127.0.0.1", ""])
def test_a_host_header_that_is_one_is_served(host: HostProcess, right: str):
    assert _raw(host, f"GET / HTTP/1.1\r\nHost: {right}").startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("target", "path"),
    [("http://A.example/one%20two?x=1", "/one two"), ("http://a.example:80/b", "/b"), ("http://a.example", "/")],
)
def test_a_target_may_be_a_whole_url_of_the_same_host(host: HostProcess, target: str, path: str):
    answer = _raw(host, f"GET {target} HTTP/1.1\r\nHost: a.example")
    assert answer.startswith("HTTP/1.1 200 ")
    assert json.loads(answer.partition("\r\n\r\n")[2])["path"] == path


@pytest.mark.parametrize("target", ["http://b.example/b", "ftp://a.example/b", "a.example/b", "*"])
def test_a_target_elsewhere_is_refused(host: HostProcess, target: str):
    assert _raw(host, f"GET {target} HTTP/1.1\r\nHost: a.example").startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/ADMIN/v1/users", "/Admin", "/runtime", "/runtime/webhooks/x", "/RUNTIME/x"])
def test_a_reserved_path_is_a_404_without_a_body(host: HostProcess, path: str):
    response = host.client.get(path)

    assert (response.status_code, response.content) == (404, b"")


def test_administrators_is_no_reserved_path(host: HostProcess):
    assert host.client.get("/administrators").json()["path"] == "/administrators"


def test_a_plain_function_gets_its_route_parameters_and_the_query_joined(host: HostProcess):
    seen: dict[str, Any] = host.get("/plain/7?a=1&a=2&empty=")

    assert seen["route"] == {"id": "7"}
    assert seen["params"] == {"a": "1,2"}
    assert seen["invocation"]


def test_what_the_route_of_a_function_refuses_goes_to_the_catch_all(host: HostProcess):
    assert host.get("/plain/seven")["path"] == "/plain/seven"
    assert host.client.post("/plain/7").json()["method"] == "POST"


def test_text_is_an_answer_too(host: HostProcess):
    response = host.client.get("/silent")

    assert response.text == "only text"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_what_the_app_prints_goes_to_the_log_and_not_among_the_hosts_answers(host: HostProcess):
    host.get("/plain/1")

    host.wait_for(lambda: host.log, lambda log: "printed by the app" in log)


def test_an_invocation_is_logged_without_its_query(host: HostProcess):
    host.client.get("/api/logged?secret=1")

    log = host.wait_for(lambda: host.log, lambda log: "GET /api/logged 200" in log)
    assert "secret" not in log


def test_a_body_past_the_limit_is_a_413(host: HostProcess):
    with socket.create_connection((host.client.base_url.host, host.client.base_url.port or 0), timeout=30) as raw:
        raw.sendall(b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 104857601\r\n\r\n")
        assert raw.recv(12) == b"HTTP/1.1 413"


PING = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
@app.route(route="ping", methods=["GET"])
def ping(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("pong")
@app.route(route="administration")
def users(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("never")
@app.route(route="off")
def off(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("never")
@app.route(route="slow/{seconds}")
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(float(req.route_params["seconds"]))
    return func.HttpResponse("done")
"""


def test_routes_refusals_switched_off_functions_and_the_time_limit(tmp_path: Path):
    """One host for all of these: each start takes a second."""
    folder = write_app(tmp_path, PING, functionTimeout="00:00:01")
    (folder / "local.settings.json").write_text(json.dumps({"Values": {"AzureWebJobs.off.Disabled": True}}))
    with HostProcess(folder, {}) as host:
        # Whatever the case, and a slash at the end counts for nothing.
        assert host.client.get("/PING/").text == "pong"
        # No route, the wrong method, in error, switched off: 404 without a body.
        for method, path in (("GET", "/"), ("GET", "/ping/x"), ("POST", "/ping"), ("GET", "/administration"), ("GET", "/off")):
            response = host.client.request(method, path)
            assert (response.status_code, response.content) == (404, b""), path
        assert "the function users is in error" in host.log
        # A function that runs past host.json's functionTimeout fails; one within it does not.
        assert host.client.get("/slow/30").status_code == 500
        assert host.client.get("/slow/0.01").text == "done"
        host.wait_for(lambda: host.log, lambda log: "Timeout value of 0:00:01 was exceeded" in log)
