"""Control over HTTP, for demonstrations and for tests in another process. It has no sign-in: the server listens on this machine only.

Users are named by id or userPrincipalName, groups by id or display name, both percent-encoded. Bodies and answers are JSON; 404 for an
unknown name, 409 for a userPrincipalName that is taken, 400 for a body that is not as described.

    GET    /control                          the tenant: id, name, users, groups, version
    GET    /control/groups?prefix=&limit=    id, displayName, members (transitive users) of each group, by name
    POST   /control/groups                   {"name", "members": []}: a new group
    GET    /control/groups/{group}           the group with its direct members
    PATCH  /control/groups/{group}           {"displayName": ..., any property}: rename or change
    DELETE /control/groups/{group}
    POST   /control/groups/{group}/members   {"members": []}: add users or groups
    DELETE /control/groups/{group}/members/{member}
    GET    /control/users?group=&prefix=&limit=   whole users, by userPrincipalName; of a group, or whose display name begins so
    POST   /control/users                    {"name", "groups": [], "properties": {}}: hire
    GET    /control/users/{user}             the user with the groups it is directly in
    PATCH  /control/users/{user}             {any property}: null takes one away
    DELETE /control/users/{user}             leave
    POST   /control/users/{user}/disable, /enable
    POST   /control/users/{user}/rename      {"name", "upn": ""}
    POST   /control/users/{user}/move        {"leaving": group, "joining": group}
    GET    /control/faults                   what is switched on: number, fault, left, struck
    POST   /control/faults                   a fault (see faults.py): {"fault": "throttle", "retry_after": "2.5", "group": id, "times": 3}
    DELETE /control/faults, /control/faults/{number}
    GET    /control/requests                 how many requests were seen, by kind
    DELETE /control/requests                 begin counting anew
    GET    /control/early                    how many came again before the Retry-After that they were given had passed
    PUT    /control/consents/{client_id}     an administrator consents to an application without the page
    DELETE /control/consents/{client_id}     the application is removed from the tenant
    DELETE /control/tokens                   every token given so far is revoked; the fixed one stays
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.control import Control
from local.tenant.faults import AnyFault, Armed
from local.tenant.model import Properties, Taken, Unknown
from local.tenant.simulation import Simulation

_LIMIT = 50


class Hire(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    groups: list[str] = []
    properties: dict[str, Any] = {}


class Rename(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    upn: str = ""


class Move(msgspec.Struct, forbid_unknown_fields=True):
    leaving: str
    joining: str


class NewGroup(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    members: list[str] = []


class Members(msgspec.Struct, forbid_unknown_fields=True):
    members: list[str]


def control_routes(simulation: Simulation) -> list[BaseRoute]:
    api = ControlApi(simulation)
    by_path: dict[str, dict[str, _Handler]] = {
        "": {"GET": api.summary},
        "/groups": {"GET": api.groups, "POST": api.create_group},
        "/groups/{group}": {"GET": api.group, "PATCH": api.update_group, "DELETE": api.delete_group},
        "/groups/{group}/members": {"POST": api.join},
        "/groups/{group}/members/{member}": {"DELETE": api.quit},
        "/users": {"GET": api.users, "POST": api.hire},
        "/users/{user}": {"GET": api.user, "PATCH": api.update_user, "DELETE": api.leave},
        "/users/{user}/disable": {"POST": api.disable},
        "/users/{user}/enable": {"POST": api.enable},
        "/users/{user}/rename": {"POST": api.rename},
        "/users/{user}/move": {"POST": api.move},
        "/faults": {"GET": api.faults, "POST": api.add_fault, "DELETE": api.clear_faults},
        "/faults/{number:int}": {"DELETE": api.remove_fault},
        "/requests": {"GET": api.requests, "DELETE": api.clear_requests},
        "/early": {"GET": api.early},
        "/consents/{client}": {"PUT": api.consent, "DELETE": api.revoke_consent},
        "/tokens": {"DELETE": api.revoke_tokens},
    }
    return [
        Route(f"/control{path}", _endpoint(handler), methods=[method])
        for path, handlers in by_path.items()
        for method, handler in handlers.items()
    ]


type _Handler = Callable[[Request, bytes], Any]


def _endpoint(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            status, answer = 200, handler(request, await request.body())
        except Unknown as error:
            status, answer = 404, {"error": f"unknown: {error}"}
        except Taken as error:
            status, answer = 409, {"error": f"taken: {error}"}
        except msgspec.DecodeError as error:
            status, answer = 400, {"error": str(error)}
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    return endpoint


class ControlApi:
    """Each method takes a request with its body and gives what JSON shows."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._tenant = simulation.tenant
        self._control: Control = simulation.control

    def summary(self, _request: Request, _body: bytes) -> Any:
        tenant = self._tenant
        shown = {"id": tenant.organization.id, "name": tenant.organization.name, "version": tenant.version}
        return {**shown, "users": len(tenant.users), "groups": len(tenant.groups)}

    def groups(self, request: Request, _body: bytes) -> Any:
        return [
            {"id": group["id"], "displayName": group["displayName"], "members": len(self._tenant.transitive_users(group["id"]))}
            for group in _chosen(request, self._tenant.groups.values(), "displayName")
        ]

    def create_group(self, _request: Request, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=NewGroup)
        return self._control.create_group(new.name, new.members)

    def group(self, request: Request, _body: bytes) -> Any:
        group = self._control.group(request.path_params["group"])
        return {**group, "members": self._tenant.direct_members(group["id"])}

    def update_group(self, request: Request, body: bytes) -> Any:
        return self._control.update_group(request.path_params["group"], msgspec.json.decode(body, type=dict[str, Any]))

    def delete_group(self, request: Request, _body: bytes) -> None:
        self._control.delete_group(request.path_params["group"])

    def join(self, request: Request, body: bytes) -> None:
        self._control.join(request.path_params["group"], msgspec.json.decode(body, type=Members).members)

    def quit(self, request: Request, _body: bytes) -> None:
        self._control.quit(request.path_params["group"], [request.path_params["member"]])

    def users(self, request: Request, _body: bytes) -> Any:
        users: Iterable[Properties] = self._tenant.users.values()
        if group := request.query_params.get("group"):
            users = [self._tenant.user(user) for user in self._tenant.transitive_users(self._control.group(group)["id"])]
        return _chosen(request, users, "userPrincipalName")

    def hire(self, _request: Request, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=Hire)
        return self._control.hire(new.name, groups=new.groups, properties=new.properties)

    def user(self, request: Request, _body: bytes) -> Any:
        user = self._control.user(request.path_params["user"])
        return {**user, "groups": sorted(self._tenant.direct_groups(user["id"]))}

    def update_user(self, request: Request, body: bytes) -> Any:
        return self._control.update(request.path_params["user"], msgspec.json.decode(body, type=dict[str, Any]))

    def leave(self, request: Request, _body: bytes) -> None:
        self._control.leave(request.path_params["user"])

    def disable(self, request: Request, _body: bytes) -> Any:
        return self._control.disable(request.path_params["user"])

    def enable(self, request: Request, _body: bytes) -> Any:
        return self._control.enable(request.path_params["user"])

    def rename(self, request: Request, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=Rename)
        return self._control.rename(request.path_params["user"], new.name, upn=new.upn)

    def move(self, request: Request, body: bytes) -> None:
        way = msgspec.json.decode(body, type=Move)
        self._control.move(request.path_params["user"], leaving=way.leaving, joining=way.joining)

    def faults(self, _request: Request, _body: bytes) -> Any:
        return [_shown(armed) for armed in self._simulation.faults.armed()]

    def add_fault(self, _request: Request, body: bytes) -> Any:
        return {"number": self._simulation.faults.add(msgspec.json.decode(body, type=AnyFault))}

    def clear_faults(self, _request: Request, _body: bytes) -> None:
        self._simulation.faults.clear()

    def remove_fault(self, request: Request, _body: bytes) -> None:
        number = request.path_params["number"]
        try:
            self._simulation.faults.remove(number)
        except KeyError as error:
            raise Unknown(f"fault {number}") from error

    def requests(self, _request: Request, _body: bytes) -> Any:
        return self._simulation.requests.counts

    def early(self, _request: Request, _body: bytes) -> Any:
        return {"early": self._simulation.graph.patience.early}

    def clear_requests(self, _request: Request, _body: bytes) -> None:
        self._simulation.requests.clear()

    def consent(self, request: Request, _body: bytes) -> None:
        self._simulation.consents.give(request.path_params["client"])

    def revoke_consent(self, request: Request, _body: bytes) -> None:
        self._simulation.consents.revoke(request.path_params["client"])

    def revoke_tokens(self, _request: Request, _body: bytes) -> None:
        self._simulation.tokens.revoke_all()


def _chosen(request: Request, resources: Iterable[Properties], order: str) -> list[Properties]:
    prefix = request.query_params.get("prefix", "").casefold()
    limit = request.query_params.get("limit", "")
    found = [resource for resource in resources if str(resource.get("displayName", "")).casefold().startswith(prefix)]
    return sorted(found, key=lambda resource: str(resource[order]))[: int(limit) if limit.isdecimal() else _LIMIT]


def _shown(armed: Armed) -> dict[str, Any]:
    return {"number": armed.number, "fault": armed.fault, "left": armed.left, "struck": armed.struck}
