"""What Graph's and Entra's answers mean for a sync: the one place that turns them into the vocabulary of `sync_core.errors`.

Sources: learn.microsoft.com, "Microsoft Graph error responses", "Microsoft Entra authentication and authorization error codes".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite, nan
from typing import cast

import httpx
import msgspec
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.rest import HttpResponse
from kiota_abstractions.api_error import APIError
from kiota_http._exceptions import KiotaHTTPXError

from sync_core.entra.sdk import ODataError
from sync_core.entra.trail import Asked, shown_path
from sync_core.errors import GroupGone, IncompleteRead, Misconfigured, Reauthorize, StopRun, SyncError, Transient

FAILURES = (APIError, AzureError, httpx.HTTPError, KiotaHTTPXError)
"""All that a request through the SDK's adapter raises when the outside is at fault."""

BACKOFF = 10.0
"""Seconds to wait where the answer names none."""
LONGEST = 3600.0
"""Seconds: a longer Retry-After is cut to this; asking again after an hour harms nobody."""

GRAPH: Mapping[tuple[int, str], type[SyncError]] = {
    # status, code ("" for every other code of that status)
    (400, "Directory_ExpiredPageToken"): IncompleteRead,
    (400, ""): StopRun,  # a question that Graph does not understand: a mapped attribute that it does not have
    (401, ""): Reauthorize,  # asked with a new token already
    (403, "Authorization_RequestDenied"): Reauthorize,  # a permission is missing, or consent was withdrawn
    (403, "Authorization_IdentityNotFound"): Reauthorize,  # the application is not in the tenant any more
    (403, "Authorization_IdentityDisabled"): Reauthorize,  # somebody there has switched it off
    (403, "accessDenied"): Reauthorize,
    (403, "AccessDenied"): Reauthorize,
    (403, ""): StopRun,  # of a proxy on the way, or about something that no consent gives
    (404, "Request_ResourceNotFound"): GroupGone,  # a 404 from anything between Graph and us has no such code
    (404, "ResourceNotFound"): GroupGone,
    (408, ""): Transient,
    (410, ""): IncompleteRead,
    (429, ""): Transient,
}
"""Statuses of 500 and more are Transient; what is not named here ends the run."""

AADSTS: Mapping[int, type[SyncError]] = {
    # the customer's: somebody there has to act
    53003: Reauthorize,  # a policy of the tenant (Conditional Access) blocks the application
    65001: Reauthorize,  # nobody consented
    90002: Reauthorize,  # no such tenant
    90093: Reauthorize,  # Graph forbids the request
    90094: Reauthorize,  # an administrator has to consent
    500011: Reauthorize,  # the tenant has no service principal of Graph for us
    530032: Reauthorize,  # a security policy of the tenant blocks the application
    700016: Reauthorize,  # the application is not in the tenant: removed, or never consented to
    7000112: Reauthorize,  # the application is disabled there
    7000229: Reauthorize,  # the application has no service principal in the tenant
    # ours: whoever runs this deployment has to act, and nobody is bothered for consent
    50003: Misconfigured,  # no signing key
    50012: Misconfigured,  # the certificate is not known, or the assertion not signed by it
    50013: Misconfigured,  # the assertion is not valid
    50027: Misconfigured,  # the assertion is no token that can be read
    50048: Misconfigured,  # subject and issuer of the assertion differ
    50194: Misconfigured,  # the application is not registered for several tenants
    70021: Misconfigured,  # no federated credential matches the assertion
    500133: Misconfigured,  # the assertion is too old: a wrong clock
    700027: Misconfigured,  # the certificate's signature is not valid
    700213: Misconfigured,  # no federated credential matches the assertion's subject
    700229: Misconfigured,  # the assertion is no token of an application
    7000215: Misconfigured,  # wrong secret
    7000218: Misconfigured,  # no secret, and no assertion
    7000222: Misconfigured,  # secret expired
    # nobody's: try again
    50033: Transient,
    50196: Transient,  # too many of the same request in a short time
    90006: Transient,
    90012: Transient,
    90024: Transient,
    90033: Transient,
    90055: Transient,
    90090: Transient,
    90091: Transient,
}

OAUTH: Mapping[str, type[SyncError]] = {
    # the `error` of the token endpoint, where the number is not in AADSTS: numbers may change, these are RFC 6749's
    "unauthorized_client": Reauthorize,
    "access_denied": Reauthorize,
    "consent_required": Reauthorize,
    "interaction_required": Reauthorize,
    "invalid_grant": Reauthorize,
    "invalid_resource": Reauthorize,
    "invalid_client": Misconfigured,
    "temporarily_unavailable": Transient,
    "server_error": Transient,
}
"""What is in neither table is Misconfigured: it warns us, and leaves the customer's consent alone."""

ADVICE: Mapping[type[SyncError], str] = {
    Reauthorize: "Reauthorize the connection: an administrator of the tenant has to consent to its permissions.",
    Misconfigured: "Check ENTRA_CLIENT_ID and its managed identity, certificate or secret.",
    IncompleteRead: "The group is read again from its first page.",
}


class TokenRefusal(msgspec.Struct):
    """The body of a token endpoint's 4xx or 5xx."""

    error: str = ""
    error_description: str = ""
    error_codes: list[int] = []
    trace_id: str = ""


def translate(failure: Exception) -> SyncError:
    """The project's error for one of FAILURES."""
    if isinstance(failure, APIError):
        return _from_adapter(failure)
    if isinstance(failure, ClientAuthenticationError) and failure.response is not None:
        response = cast("HttpResponse", failure.response)
        return from_entra(response.status_code, response.text().encode(), response.headers)
    if isinstance(failure, ClientAuthenticationError):  # azure.identity did not come so far as to ask: CredentialUnavailableError
        return _verdict(Misconfigured, f"No token for Microsoft Graph: {_first_line(str(failure))}", {})
    return Transient(f"{type(failure).__name__} on the way to Microsoft Graph or Entra: {failure}", retry_after=BACKOFF)


def refused_token(failure: Exception) -> Asked:
    """What Entra was asked before Graph could be: a token."""
    response = cast("HttpResponse | None", failure.response) if isinstance(failure, ClientAuthenticationError) else None
    if response is None:
        return Asked(method="POST", path="a token for Microsoft Graph")
    path = shown_path(response.request.url)
    request_id = response.headers.get("x-ms-request-id", "") or _refusal(response.text().encode()).trace_id
    return Asked(method=response.request.method, path=path, status=response.status_code, request_id=request_id)


def from_graph(status: int, code: str, message: str, headers: Mapping[str, str]) -> SyncError:
    """The error for an answer of Graph, a single one or one inside a `$batch`."""
    kind = GRAPH.get((status, code)) or GRAPH.get((status, "")) or (Transient if status >= 500 else StopRun)
    return _verdict(kind, f"Microsoft Graph answered {status} {code}: {_first_line(message)}", headers)


def from_entra(status: int, body: bytes, headers: Mapping[str, str]) -> SyncError:
    """The error for an answer of Entra's token or discovery endpoint."""
    refusal = _refusal(body)
    known = next((AADSTS[number] for number in refusal.error_codes if number in AADSTS), None) or OAUTH.get(refusal.error)
    kind = known or (Transient if status >= 500 or status < 400 or status in {408, 429} else Misconfigured)
    return _verdict(kind, f"Microsoft Entra answered {status} {refusal.error}: {_first_line(refusal.error_description)}", headers)


def retry_after(headers: Mapping[str, str], *, default: float = BACKOFF) -> float:
    """Seconds to wait by a Retry-After header: a number, fractions too, or an HTTP-date counted from the answer's own Date.

    `default` where there is none that can be read. Graph's documentation itself shows `Retry-After: 2.128` (learn.microsoft.com,
    "Microsoft Graph throttling guidance").
    """
    lowered = {name.lower(): value for name, value in headers.items() if name.lower() in {"retry-after", "date"}}
    text = lowered.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, lowered.get("date", ""))
    return min(max(seconds, 0.0), LONGEST) if isfinite(seconds) else default


def _refusal(body: bytes) -> TokenRefusal:
    try:
        return msgspec.json.decode(body, type=TokenRefusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return TokenRefusal()


def _until(date: str, answered: str) -> float:
    try:
        until, since = parsedate_to_datetime(date), parsedate_to_datetime(answered)
    except ValueError:
        return nan
    return (_aware(until) - _aware(since)).total_seconds()


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_adapter(failure: APIError) -> SyncError:
    code, message = "", failure.message or ""
    if isinstance(failure, ODataError) and failure.error is not None:
        code, message = failure.error.code or "", failure.error.message or ""
    return from_graph(failure.response_status_code or 0, code, message, failure.response_headers or {})


def _verdict(kind: type[SyncError], what: str, headers: Mapping[str, str]) -> SyncError:
    if kind is Transient:
        return Transient(what, retry_after=retry_after(headers))
    return kind(f"{what} {ADVICE.get(kind, '')}".rstrip())


def _first_line(text: str) -> str:
    """Entra's descriptions go on with trace ids and times, which make equal failures look different."""
    return text.partition("\n")[0].partition(" Trace ID:")[0].strip()
