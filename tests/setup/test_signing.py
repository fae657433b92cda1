"""local/client.py signs as Duo's own client does."""

from typing import Any

import duo_client.client
import httpx
import pytest

from local.client import Signed

IKEY, SKEY = "DI2A3B4C5D6E7F2G3H4I", "s" * 40


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/api/v1/users", {}, None),
        ("GET", "/api/v1/users", {"limit": ["10"], "cursor": [""]}, None),
        ("GET", "/api/v1/connections/DC1/groups", {"prefix": ["Zoë & Co/~1+1 %"]}, None),
        ("POST", "/api/v1/syncs", {}, {"name": "Küste", "groups": ["a", "b"]}),
        ("POST", "/api/v1/syncs/DK1/runs", {}, None),
        ("DELETE", "/api/v1/users/DU1", {"b": ["2", "1"], "a": ["x"]}, None),
    ],
)
def test_each_request_is_signed_as_duo_client_signs_it(method: str, path: str, query: dict[str, list[str]], body: Any) -> None:
    request = (
        httpx.Request(method, f"http://127.0.0.1:7071{path}", params=query, json=body)
        if body
        else httpx.Request(method, f"http://127.0.0.1:7071{path}", params=query)
    )
    signed = next(Signed(IKEY, SKEY).auth_flow(request))
    expected = duo_client.client.sign(
        IKEY, SKEY, method, "127.0.0.1", path, signed.headers["Date"], 5, query, body=request.content.decode()
    )
    assert signed.headers["Authorization"] == expected
