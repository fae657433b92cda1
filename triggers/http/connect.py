"""The pages of admin consent: the one that sends a browser to Entra, and the ones it comes back to (B-022).

A page that is looked at changes nothing; its button does. Each browser has a cookie for each consent that it goes through.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from sync_core.directory.authorizations import STATE_LIFE, TICKET_LIFE, Authorization, Stage
from sync_core.errors import Misconfigured, Reauthorize, Rejected, SyncError, Transient
from sync_core.management.consents import Consents, Site
from sync_core.services import Services
from triggers.http.pages import page
from triggers.http.services import Serve

router = APIRouter(prefix="/connect", include_in_schema=False)

COOKIE_SECONDS = int((TICKET_LIFE + STATE_LIFE).total_seconds())
"""As long as the browser may have to show it: until the address and then Entra's question have expired."""


@router.get("/callback")
async def come_back(request: Request, services: Serve) -> Response:
    def cookie_of(authorization_id: str) -> str:
        return request.cookies.get(_cookie(authorization_id), "")

    taken = await _or_refusal(request, services, lambda consents: consents.take_answer(request.url.query, cookie_of))
    if isinstance(taken, Response):
        return taken
    return RedirectResponse(f"/connect/{taken.authorization_id}/end", 303)  # so that the answer is not sent again by a reload


@router.get("/{authorization_id}/end")
async def show_end(authorization_id: str, request: Request, services: Serve) -> Response:
    return await _ended(authorization_id, request, services)


@router.get("/{address}")
async def show_begin(address: str, request: Request, services: Serve) -> Response:
    found = await _or_refusal(request, services, lambda consents: consents.open(address, _cookie_in(request, address)))
    if isinstance(found, Response):
        return found
    what = "authorizes a connection of this directory again" if found.renews else "connects a Microsoft Entra tenant to this directory"
    return page(
        "Connect Microsoft Entra",
        f"{found.by} {what}.",
        "Microsoft asks you to sign in as an administrator, and which permissions to give. They only let this directory read.",
        button=("Continue to Microsoft", ""),
        form_target=_origin(services.consents.site),
    )


@router.post("/{address}")
async def begin(address: str, request: Request, services: Serve) -> Response:
    asked = await _or_refusal(request, services, lambda consents: consents.ask(address, _cookie_in(request, address)))
    if isinstance(asked, Response):
        return asked
    found, to, cookie = asked
    answer = RedirectResponse(to, 303)
    answer.set_cookie(
        _cookie(found.authorization_id),
        cookie,
        max_age=COOKIE_SECONDS,
        path="/connect",
        secure=services.consents.site.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",  # it shall come with the redirect from Entra
    )
    return answer


@router.post("/{authorization_id}/end")
async def try_again(authorization_id: str, request: Request, services: Serve) -> Response:
    return await _ended(authorization_id, request, services)


async def _ended(authorization_id: str, request: Request, services: Serve) -> Response:
    browser = request.cookies.get(_cookie(authorization_id), "")
    try:
        _check_host(request, services)
        found = await services.consents.complete(authorization_id, browser)
    except (Reauthorize, Transient) as early:
        return page(
            "One moment",
            "Microsoft Entra does not know of the consent everywhere yet. That takes it some seconds.",
            str(early),
            button=("Try again", ""),
            status=503,
        )
    except SyncError as refusal:
        return _refused(refusal)
    return _told(found)


def _check_host(request: Request, services: Services) -> None:
    """Raises Rejected. Only what the request was sent to counts: X-Forwarded-Host is anybody's word."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        host = ""
    services.consents.site.check_host(host)


def _told(found: Authorization) -> Response:
    if found.stage is Stage.CONNECTED:
        return page("Connected", f"{found.name or found.tenant_id} is connected.", "You can close this page.")
    return page("Not connected", found.refusal, "Nothing was changed. Begin anew to try again.", status=400)


async def _or_refusal[T](request: Request, services: Services, work: Callable[[Consents], Awaitable[T]]) -> T | Response:
    try:
        _check_host(request, services)
        return await work(services.consents)
    except SyncError as refusal:
        return _refused(refusal)


def _refused(refusal: SyncError) -> Response:
    status = 400 if isinstance(refusal, Rejected) else 503 if isinstance(refusal, Transient) else 500
    if isinstance(refusal, Misconfigured):
        return page("Not connected", "This deployment is not set up for it yet.", str(refusal), status=status)
    return page("Not connected", str(refusal), "Nothing was changed.", status=status)


def _cookie(authorization_id: str) -> str:
    return f"connect-{authorization_id}"


def _cookie_in(request: Request, address: str) -> str:
    return request.cookies.get(_cookie(address.partition(".")[0]), "")


def _origin(site: Site) -> str:
    parts = urlsplit(site.authority)
    return f"{parts.scheme}://{parts.netloc}"
