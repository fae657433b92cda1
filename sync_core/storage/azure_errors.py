"""What storage answers, as the project's errors. Everything that leaves the Azure ports passes here."""

from collections.abc import Mapping

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceExistsError

from sync_core.errors import AlreadyExists, Misconfigured, Missing, Stale, Transient
from sync_core.storage.batch import Refusal

_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_BUSY_CODES = frozenset({"ServerBusy", "OperationTimedOut", "TableBeingDeleted", "QueueBeingDeleted", "AccountBeingCreated"})
_ABSENT_CODES = frozenset({"TableNotFound", "QueueNotFound"})


def of_refusal(refusal: Refusal, what: str, *, retry_after: float = 0) -> Exception:
    """The error to raise for a refused request. `retry_after` is what the service asked for in seconds, 0 when it did not say."""
    text = f"{what}: {refusal.status} {refusal.code} {refusal.message}".rstrip(" .")
    if refusal.status in _BUSY or refusal.code in _BUSY_CODES:
        return Transient(text, retry_after=retry_after)
    if refusal.status in {401, 403}:
        return Misconfigured(f"{text}. Storage refuses this application: check the connection string, or the roles of its managed identity")
    if refusal.code in _ABSENT_CODES:
        return Misconfigured(f"{text}. Create it first")
    match refusal.status:
        case 404:
            return Missing(text, index=refusal.index)
        case 409:
            return AlreadyExists(text, index=refusal.index)
        case 412:
            return Stale(text, index=refusal.index)
        case _:
            return ValueError(text)


def of_exception(error: AzureError, what: str) -> Exception:
    """The error to raise for one of azure-core's or of an SDK built on it."""
    if isinstance(error, ResourceExistsError):  # for a queue that is there already, made of a 204
        return AlreadyExists(f"{what}: {error.message}")
    if isinstance(error, HttpResponseError) and error.status_code:
        code = getattr(error, "error_code", None)
        code = str(getattr(code, "value", code) or "")
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        return of_refusal(Refusal(error.status_code, code, error.reason or ""), what, retry_after=seconds(headers.get("Retry-After")))
    if isinstance(error, ClientAuthenticationError):
        return Misconfigured(f"{what}: {error.message}")
    return Transient(f"{what}: {type(error).__name__} {error.message}", retry_after=0)


def seconds(retry_after: str | None) -> float:
    """Storage sends whole seconds, if any; 0 for nothing that can be read."""
    try:
        return max(0.0, float(retry_after or 0))
    except ValueError:
        return 0
