"""Microsoft Graph v1.0: which request is which, and its answer."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from local.tenant import filters
from local.tenant.batch import batch
from local.tenant.errors import GraphError, bad_request, denied, no_segment, not_found, unauthenticated, unsupported
from local.tenant.faults import AnyFault, Denied, Expired, Faults, HtmlAnswer, Missing, ServerError, Throttle, Unauthenticated, struck
from local.tenant.members import Envelope, MemberPages
from local.tenant.model import Properties, Tenant
from local.tenant.paging import cut, link, page_of, place, size
from local.tenant.patience import Patience
from local.tenant.properties import GROUP, USER, Kind, encode, row, selected
from local.tenant.wire import Answer, Request, RequestLog, Seen

_LIST_OPTIONS = frozenset({"$select", "$top", "$count", "$skiptoken", "$filter", "$search"})
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

_PROXY = b"<html><head><title>Sign in</title></head><body><h1>Sign in to go on</h1></body></html>"


class Graph:
    """Answers requests that have been let in; `log` and `faults` see each one, those inside a batch too."""

    def __init__(self, tenant: Tenant, faults: Faults, log: RequestLog) -> None:
        self._tenant = tenant
        self._faults = faults
        self._log = log
        self._members = MemberPages(tenant)
        self.patience = Patience()
        self._answers: Mapping[str, Callable[[Request], Answer]] = {
            "organization": self._organization,
            "groups": self._groups,
            "group": self._group,
            "users": self._users,
            "user": self._user,
            "member_groups": self._member_groups,
            "member_of": self._member_of,
            "batch": self._batch,
        }

    def see(self, request: Request, *, inner: bool = False) -> Seen:
        """Tells what a request is and counts it."""
        kind, subject = _kind(request)
        page = page_of(request) if kind == "members" else 0
        seen = Seen(kind, request.method, request.url, request.headers, subject, page, inner)
        self._log.add(seen)
        return seen

    def answer(self, request: Request, seen: Seen, faults: Sequence[AnyFault]) -> Answer:
        answer = self._answer(request, seen, faults)
        self.patience.watch(request, answer)
        return answer

    def _answer(self, request: Request, seen: Seen, faults: Sequence[AnyFault]) -> Answer:
        try:
            if refused := _refused(faults):
                return refused
            if seen.kind == "members":
                return self._members.answer(request, faults)
            if (answer := self._answers.get(seen.kind)) is None:
                raise no_segment("/".join(request.segments))
            return answer(request)
        except GraphError as error:
            return error.answer()

    def _organization(self, request: Request) -> Answer:
        organization = self._tenant.organization
        shown = {
            "id": organization.id,
            "displayName": organization.name,
            "countryLetterCode": "DE",
            "tenantType": "AAD",
            "verifiedDomains": [
                {"name": organization.domain, "isDefault": True, "isInitial": True, "type": "Managed", "capabilities": "Email"}
            ],
        }
        names = [name for name in request.query.get("$select", "").split(",") if name]
        wanted = {name: shown.get(name) for name in names} if names else shown
        return _collection(f"{request.base}/$metadata#organization", [wanted])

    def _groups(self, request: Request) -> Answer:
        return _listed(request, GROUP, self._tenant.groups)

    def _users(self, request: Request) -> Answer:
        if "$search" in request.query:
            raise unsupported("$search is not supported here.")
        return _listed(request, USER, self._tenant.users)

    def _group(self, request: Request) -> Answer:
        name = request.segments[1]
        group = self._tenant.find_group(name)
        if group is None and _GUID.fullmatch(name) is None:
            raise bad_request(f"Invalid object identifier '{name}'.")
        return _single(request, GROUP, group, name)

    def _user(self, request: Request) -> Answer:
        name = request.segments[1]
        return _single(request, USER, self._tenant.find_user(name), name)

    def _member_groups(self, request: Request) -> Answer:
        if (user := self._tenant.find_user(request.segments[1])) is None:
            raise not_found(request.segments[1])
        try:
            asked = msgspec.json.decode(request.body, type=dict[str, bool])
            security_only = asked["securityEnabledOnly"]
        except (msgspec.DecodeError, KeyError) as error:
            raise bad_request("The parameter 'securityEnabledOnly' is missing or is no boolean.") from error
        groups = self._tenant.groups
        ids = sorted(
            group for group in self._tenant.transitive_groups(user["id"]) if not security_only or groups[group].get("securityEnabled")
        )
        return _collection(f"{request.base}/$metadata#Collection(Edm.String)", ids)

    def _member_of(self, request: Request) -> Answer:
        """The groups that a user or group is in itself."""
        kind, name = request.segments[:2]
        found = self._tenant.find_user(name) if kind == "users" else self._tenant.find_group(name)
        if found is None:
            raise not_found(name)
        names = selected(GROUP, request.query.get("$select", ""))
        groups = [self._tenant.groups[group] for group in sorted(self._tenant.direct_groups(found["id"]))]
        rows = [{"@odata.type": "#microsoft.graph.group", **row(group, names)} for group in groups]
        return _collection(f"{request.base}/$metadata#directoryObjects", rows)

    def _batch(self, request: Request) -> Answer:
        return Answer(200, batch(request, self._inner))

    def _inner(self, request: Request) -> Answer:
        seen = self.see(request, inner=True)
        return self.answer(request, seen, self._faults.strike(seen))


def _kind(request: Request) -> tuple[str, str]:
    """What a request is, and whom it is about."""
    match request.method, request.segments:
        case "GET", ("organization" | "groups" | "users" as kind,):
            return kind, ""
        case "GET", ("groups", group):
            return "group", group
        case "GET", ("groups", group, "transitiveMembers", "graph.user" | "microsoft.graph.user"):
            return "members", group
        case "GET", ("users", user):
            return "user", user
        case "GET", ("users" | "groups", member, "memberOf"):
            return "member_of", member
        case "POST", ("users", user, "getMemberGroups" | "microsoft.graph.getMemberGroups"):
            return "member_groups", user
        case "POST", ("$batch",):
            return "batch", ""
        case _:
            return "other", ""


def _refused(faults: Sequence[AnyFault]) -> Answer | None:
    if struck(faults, Unauthenticated):
        return unauthenticated("Lifetime validation failed, the token is expired.").answer()
    if struck(faults, Denied):
        return denied().answer()
    if struck(faults, Missing):
        return not_found("here").answer()
    if struck(faults, Expired):
        return GraphError(410, "ResyncRequired", "The state token is expired: synchronize anew.").answer()
    if struck(faults, HtmlAnswer):
        return Answer(200, _PROXY, {"content-type": "text/html"})
    if throttle := struck(faults, Throttle):
        headers = {"retry-after": throttle.retry_after} if throttle.retry_after else {}
        return GraphError(429, "TooManyRequests", "Too many requests. Please retry later.", headers=headers).answer()
    if error := struck(faults, ServerError):
        headers = {"retry-after": error.retry_after} if error.retry_after else {}
        if error.status == 502:
            return Answer(502, _GATEWAY, {"content-type": "text/html", **headers})
        code, text = _SERVER[error.status]
        return GraphError(error.status, code, text, headers=headers).answer()
    return None


_SERVER = {
    500: ("InternalServerError", "Internal server error."),
    503: ("Service_InternalServerError", "The service is temporarily unavailable."),
    504: ("UnknownError", "The gateway did not receive an answer in time."),
}


def _listed(request: Request, kind: Kind, resources: Mapping[str, Properties]) -> Answer:
    for option in request.query:
        if option not in _LIST_OPTIONS:
            raise unsupported(f"The query option '{option}' is not supported here.")
    names = selected(kind, request.query.get("$select", ""))
    found = sorted(_matching(request, kind, resources))
    begin = place(request)
    page, following = cut(found, begin, size(request))
    counted = request.counted and request.eventual and begin.page == 1
    context = f"{request.base}/$metadata#{kind.name}s" + (f"({','.join(names)})" if "$select" in request.query else "")
    return _collection(
        context,
        [row(resources[one], names) for one in page],
        count=len(found) if counted else None,
        following=link(request, following) if following else None,
    )


def _matching(request: Request, kind: Kind, resources: Mapping[str, Properties]) -> Iterable[str]:
    tests: list[filters.Matches] = []
    if search := request.query.get("$search"):
        if not request.eventual:
            special = "a special request header: 'ConsistencyLevel: eventual'"
            raise unsupported(f"Request with $search query parameter only works through MSGraph with {special}")
        tests.append(filters.parse_search(search))
    if text := request.query.get("$filter"):
        tests.append(filters.parse_filter(text, kind, advanced=request.eventual and request.counted))
    return [one for one, resource in resources.items() if all(test(resource) for test in tests)]


def _single(request: Request, kind: Kind, resource: Properties | None, name: str) -> Answer:
    names = selected(kind, request.query.get("$select", ""))
    if resource is None:
        raise not_found(name)
    context = f"{request.base}/$metadata#{kind.name}s" + (f"({','.join(names)})" if "$select" in request.query else "") + "/$entity"
    return Answer(200, encode({"@odata.context": context, **row(resource, names)}))


def _collection(context: str, value: Sequence[Any], *, count: int | None = None, following: str | None = None) -> Answer:
    return Answer(200, encode(Envelope(context=context, count=count, next=following, value=msgspec.Raw(encode(value)))))
