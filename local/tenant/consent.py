"""The admin-consent page: an administrator allows or denies an application its permissions in the tenant.

Source: learn.microsoft.com, "Admin consent on the Microsoft identity platform". Errors come back with admin_consent=True too.
"""

from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.login import is_tenant
from local.tenant.simulation import Simulation
from local.tenant.tokens import ROLES
from local.tenant.wire import Seen

_REQUIRED = ("client_id", "scope", "redirect_uri")
_DENIED = "AADSTS65004: User declined to consent to access the app."
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Permissions requested</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.4rem 1.4rem;margin-right:.6rem}}</style></head>
<body><p><small>Simulated Microsoft Entra sign-in</small></p><h1>Permissions requested</h1>
<p>The application <code>{client}</code> asks to act in <strong>{organization}</strong>:</p><ul>{permissions}</ul>
<form method="post">
<button name="decision" value="allow">Accept</button><button name="decision" value="deny">Cancel</button></form></body></html>"""


def consent_routes(simulation: Simulation) -> list[BaseRoute]:
    return [Route("/{tenant}/v2.0/adminconsent", ConsentPage(simulation).answer, methods=["GET", "POST"])]


class ConsentPage:
    """GET shows the page; POST with `decision` allow or deny, to the same address, sends the browser back to the application."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def answer(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self._simulation.requests.add(Seen("consent", request.method, str(request.url), dict(request.headers), asked.get("client_id", "")))
        if problem := self._problem(request.path_params["tenant"], asked):
            return HTMLResponse(f"<!doctype html><title>Sorry</title><h1>Sorry, but we're having trouble</h1><p>{escape(problem)}</p>", 400)
        if request.method == "GET":
            return HTMLResponse(self._page(asked))
        form = dict(parse_qsl((await request.body()).decode()))
        return RedirectResponse(self._back(asked, allowed=form.get("decision") == "allow"), 303)

    def _problem(self, tenant: str, asked: dict[str, str]) -> str:
        """What keeps the page from being shown, "" for nothing. `common` is no address for admin consent."""
        if tenant != "organizations" and not is_tenant(self._simulation, tenant):
            return f"AADSTS90002: Tenant '{tenant}' not found."
        for name in _REQUIRED:
            if not asked.get(name):
                return f"AADSTS900144: The request must contain the following parameter: '{name}'."
        back = urlsplit(asked["redirect_uri"])
        if back.scheme not in {"http", "https"} or not back.netloc:
            return "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application."
        return ""

    def _page(self, asked: dict[str, str]) -> str:
        permissions = "".join(f"<li>{escape(role)}</li>" for role in ROLES)
        organization = self._simulation.tenant.organization.name
        return _PAGE.format(client=escape(asked["client_id"]), organization=escape(organization), permissions=permissions)

    def _back(self, asked: dict[str, str], *, allowed: bool) -> str:
        if allowed:
            self._simulation.consents.give(asked["client_id"])
            said = {"admin_consent": "True", "tenant": self._simulation.tenant.organization.id, "scope": asked["scope"]}
        else:
            said = {"error": "access_denied", "error_description": _DENIED, "admin_consent": "True"}
        if "state" in asked:
            said["state"] = asked["state"]
        joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        return f"{asked['redirect_uri']}{joint}{urlencode(said)}"
