"""What Graph's and Entra's answers mean."""

from collections.abc import Mapping

import httpx
import msgspec
import pytest
from azure.core.exceptions import ClientAuthenticationError, IncompleteReadError, ServiceRequestError
from azure.identity import CredentialUnavailableError
from kiota_abstractions.api_error import APIError
from kiota_http._exceptions import RedirectError

from sync_core.entra.errors import AADSTS, ADVICE, GRAPH, OAUTH, from_entra, from_graph, retry_after, translate
from sync_core.errors import GroupGone, IncompleteRead, Misconfigured, Reauthorize, StopRun, SyncError, Transient


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"retry-after": "2.128"}, 2.128),  # the example of Microsoft's documentation
        ({"RETRY-AFTER": " 0 "}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30),
        ({"Retry-After": "Mon, 23 Nov 2026 09:00:00 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT"}, 10),  # a date without one to count it from
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "nan"}, 10),
        ({"Retry-After": "inf"}, 10),
        ({"Retry-After": "soon"}, 10),
        ({}, 10),
    ],
)
def test_retry_after_is_seconds_with_fractions_or_a_date(headers: Mapping[str, str], seconds: float):
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "Directory_ExpiredPageToken", IncompleteRead),
        (400, "Request_BadRequest", StopRun),
        (401, "InvalidAuthenticationToken", Reauthorize),
        (401, "Authorization_IdentityNotFound", Reauthorize),
        (403, "Authorization_RequestDenied", Reauthorize),
        (403, "Authorization_IdentityNotFound", Reauthorize),
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", StopRun),  # nothing that consent gives
        (403, "", StopRun),  # a proxy's page
        (404, "Request_ResourceNotFound", GroupGone),
        (404, "", StopRun),
        (410, "", IncompleteRead),
        (418, "", StopRun),
        (429, "TooManyRequests", Transient),
        (500, "", Transient),
        (502, "", Transient),
        (503, "", Transient),
        (504, "", Transient),
        (509, "", Transient),
    ],
)
def test_each_answer_of_graph_says_what_to_do(status: int, code: str, kind: type[SyncError]):
    error = from_graph(status, code, "In Graph's words.", {})

    assert type(error) is kind
    assert "In Graph's words." in str(error)


def refusal(error: str, *numbers: int) -> bytes:
    described = f"AADSTS{numbers[0] if numbers else 0}: In Entra's words. Trace ID: 1 Correlation ID: 2 Timestamp: 2026-11-23 10:00:00Z"
    return msgspec.json.encode({"error": error, "error_description": described, "error_codes": numbers})


@pytest.mark.parametrize(
    ("status", "error", "number", "kind"),
    [
        (400, "unauthorized_client", 700016, Reauthorize),  # removed from the tenant (B-130)
        (400, "invalid_grant", 65001, Reauthorize),
        (400, "invalid_request", 90002, Reauthorize),
        (400, "invalid_resource", 500011, Reauthorize),
        (400, "unauthorized_client", 7000112, Reauthorize),  # switched off in the tenant
        (401, "invalid_client", 7000229, Reauthorize),  # an `error` that alone would be our fault
        (400, "invalid_grant", 90094, Reauthorize),
        (400, "access_denied", 53003, Reauthorize),
        (400, "invalid_grant", 50013, Misconfigured),  # an `error` that alone would be the customer's
        (400, "unauthorized_client", 50194, Misconfigured),
        (401, "invalid_client", 500133, Misconfigured),
        (400, "invalid_request", 70021, Misconfigured),
        (400, "invalid_request", 700213, Misconfigured),
        (400, "invalid_request", 90012, Transient),
        (400, "invalid_grant", 50196, Transient),
        (401, "invalid_client", 7000215, Misconfigured),
        (401, "invalid_client", 7000222, Misconfigured),
        (401, "invalid_client", 50013, Misconfigured),
        (401, "invalid_client", 700027, Misconfigured),
        (503, "temporarily_unavailable", 90033, Transient),
        (400, "unauthorized_client", 1, Reauthorize),  # a number that is new
        (401, "invalid_client", 1, Misconfigured),
        (400, "something_new", 1, Misconfigured),
        (429, "something_new", 1, Transient),
        (503, "something_new", 1, Transient),
    ],
)
def test_each_refusal_of_entra_says_what_to_do(status: int, error: str, number: int, kind: type[SyncError]):
    told = from_entra(status, refusal(error, number), {"Retry-After": "1.5"})

    assert type(told) is kind
    assert str(told).startswith(f"Microsoft Entra answered {status} {error}: AADSTS{number}: In Entra's words.")
    assert "Trace ID" not in str(told)
    assert not isinstance(told, Transient) or told.retry_after == 1.5


# As Entra sends them: learn.microsoft.com, "Microsoft Entra authentication and authorization error codes", with ids of nobody.
REMOVED = """{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier \
'0f4e1c1c-0000-4000-8000-000000000001' was not found in the directory 'Corp'. This can happen if the application has not been installed by \
the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong \
tenant. Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd Timestamp: 2026-11-23 \
10:00:00Z","error_codes":[700016],"timestamp":"2026-11-23 10:00:00Z","trace_id":"0000aaaa-11bb-cccc-dd22-eeeeee333333",\
"correlation_id":"aaaa0000-bb11-2222-33cc-444444dddddd","error_uri":"https://login.microsoftonline.com/error?code=700016"}"""
EXPIRED = """{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app \
'0f4e1c1c-0000-4000-8000-000000000001' are expired.\\r\\nTrace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333\\r\\nCorrelation ID: \
aaaa0000-bb11-2222-33cc-444444dddddd\\r\\nTimestamp: 2026-11-23 10:00:00Z","error_codes":[7000222],"timestamp":"2026-11-23 10:00:00Z"}"""
AWAY = """{"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error has occurred. Please try again.\\r\\n\
Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333","error_codes":[90033],"suberror":"","claims":""}"""


@pytest.mark.parametrize(("status", "body", "kind"), [(400, REMOVED, Reauthorize), (401, EXPIRED, Misconfigured), (503, AWAY, Transient)])
def test_bodies_as_entra_sends_them_are_read_without_their_trace(status: int, body: str, kind: type[SyncError]):  # B-130
    told = from_entra(status, body.encode(), {})

    assert type(told) is kind
    assert "AADSTS" in str(told)
    assert "Trace ID" not in str(told)
    assert str(told).isprintable()


# What each number says, as learn.microsoft.com has it; the rest of a body is as Entra sends it, with ids of nobody.
SAYS: Mapping[int, tuple[int, str, str, type[SyncError]]] = {
    50003: (400, "invalid_request", "SignInKeyMissing", Misconfigured),
    50012: (401, "invalid_client", "Authentication failed", Misconfigured),
    50013: (400, "invalid_grant", "Assertion failed signature validation", Misconfigured),
    50027: (401, "invalid_client", "JWT token is invalid or malformed", Misconfigured),
    50033: (503, "temporarily_unavailable", "A transient error has occurred. Please try again", Transient),
    50048: (401, "invalid_client", "Subject doesn't match Issuer claim in the client assertion", Misconfigured),
    50194: (400, "unauthorized_client", "Application isn't configured as a multitenant application", Misconfigured),
    50196: (400, "invalid_grant", "The server terminated an operation because it encountered a client request loop", Transient),
    53003: (400, "interaction_required", "Access has been blocked by Conditional Access policies", Reauthorize),
    65001: (400, "invalid_grant", "The user or administrator has not consented to use the application", Reauthorize),
    70021: (400, "invalid_request", "No matching federated identity record found for presented assertion", Misconfigured),
    90002: (400, "invalid_request", "Tenant 'corp.example' not found", Reauthorize),
    90006: (400, "temporarily_unavailable", "The service is temporarily unavailable", Transient),
    90012: (400, "invalid_request", "RequestTimeout", Transient),
    90024: (400, "invalid_request", "RequestBudgetExceededError: a transient error has occurred", Transient),
    90033: (503, "temporarily_unavailable", "MsodsServiceUnavailable", Transient),
    90055: (400, "invalid_request", "TenantThrottlingError: there are too many incoming requests", Transient),
    90090: (400, "invalid_request", "GraphRetryableError: the service is temporarily unavailable", Transient),
    90091: (400, "invalid_request", "GraphServiceUnreachable", Transient),
    90093: (400, "unauthorized_client", "GraphUserUnauthorized: Graph returned with a forbidden error code", Reauthorize),
    90094: (400, "consent_required", "AdminConsentRequired", Reauthorize),
    500011: (400, "invalid_resource", "The resource principal named https://graph.microsoft.com was not found in the tenant", Reauthorize),
    500133: (401, "invalid_client", "Assertion isn't within its valid time range", Misconfigured),
    530032: (400, "interaction_required", "BlockedByConditionalAccessOnSecurityPolicy", Reauthorize),
    700016: (400, "unauthorized_client", "Application wasn't found in the directory", Reauthorize),
    700027: (401, "invalid_client", "The certificate with identifier used to sign the client assertion is not registered", Misconfigured),
    700213: (400, "invalid_request", "No matching federated identity record found for presented assertion subject", Misconfigured),
    700229: (401, "invalid_client", "The token isn't an app-only token", Misconfigured),
    7000112: (400, "unauthorized_client", "Application is disabled", Reauthorize),
    7000215: (401, "invalid_client", "Invalid client secret is provided", Misconfigured),
    7000218: (401, "invalid_client", "The request body must contain client_assertion or client_secret", Misconfigured),
    7000222: (401, "invalid_client", "The provided client secret keys are expired", Misconfigured),
    7000229: (401, "unauthorized_client", "The client application is missing service principal in the tenant", Reauthorize),
}


def body(number: int, error: str, says: str) -> bytes:
    ids = "Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333\r\nCorrelation ID: aaaa0000-bb11-2222-33cc-444444dddddd\r\n"
    told = {
        "error": error,
        "error_description": f"AADSTS{number}: {says}.\r\n{ids}Timestamp: 2026-11-23 10:00:00Z",
        "error_codes": [number],
        "timestamp": "2026-11-23 10:00:00Z",
        "trace_id": "0000aaaa-11bb-cccc-dd22-eeeeee333333",
        "correlation_id": "aaaa0000-bb11-2222-33cc-444444dddddd",
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return msgspec.json.encode(told)


@pytest.mark.parametrize("number", sorted(AADSTS.keys() | SAYS.keys()))
def test_each_number_of_the_table_means_what_is_done_about_it(number: int):  # B-130
    status, error, says, kind = SAYS[number]

    told = from_entra(status, body(number, error, says), {})

    assert type(told) is kind
    assert f"AADSTS{number}: {says}." in str(told)
    assert "Trace ID" not in str(told)
    assert (ADVICE[Reauthorize] in str(told)) == (kind is Reauthorize)


def test_the_numbers_that_say_who_has_to_act_are_in_the_table():
    customers, ours = {700016, 65001, 90002, 500011}, {7000215, 7000222, 50013, 700027}
    passing = {90033, 90006, 90024, 90090, 90055}
    assert {AADSTS[number] for number in customers} == {Reauthorize}
    assert {AADSTS[number] for number in ours} == {Misconfigured}
    assert {AADSTS[number] for number in passing} == {Transient}


@pytest.mark.parametrize(("error", "kind"), OAUTH.items())
def test_a_number_that_is_new_is_judged_by_the_error_beside_it(error: str, kind: type[SyncError]):
    assert type(from_entra(400, body(123456, error, "Something new"), {})) is kind


@pytest.mark.parametrize(("status", "kind"), [(400, Misconfigured), (502, Transient)])
def test_a_page_of_something_between_entra_and_us_is_judged_by_its_status(status: int, kind: type[SyncError]):
    assert type(from_entra(status, b"<html>\xff</html>", {})) is kind


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ReadTimeout("slow"), Transient),
        (httpx.RemoteProtocolError("peer closed connection"), Transient),
        (httpx.DecodingError("not gzip"), Transient),
        (RedirectError("Too many redirects"), Transient),
        (ServiceRequestError("login.microsoftonline.com does not resolve"), Transient),
        (IncompleteReadError("half a token"), Transient),
        (CredentialUnavailableError("no managed identity endpoint found"), Misconfigured),
        (ClientAuthenticationError("the assertion could not be built"), Misconfigured),
        (APIError("no body", 503, {"Retry-After": "4"}), Transient),
        (APIError("no body", None, None), StopRun),
    ],
)
def test_each_failure_on_the_way_says_what_to_do(failure: Exception, kind: type[SyncError]):
    assert type(translate(failure)) is kind


def test_every_verdict_of_the_tables_can_be_raised_with_words():
    for kind in {*GRAPH.values(), *AADSTS.values(), *OAUTH.values()}:
        told = next(iter(key for key, value in GRAPH.items() if value is kind), (400, "x"))
        assert str(from_graph(*told, "why", {}))
