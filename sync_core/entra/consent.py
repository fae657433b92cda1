"""Microsoft's admin consent: the address that asks an administrator for it, and what the browser brings back (B-022).

Source: learn.microsoft.com, "Admin consent on the Microsoft identity platform". Nothing in the answer is proof: it is a query that anybody
can write. An error carries admin_consent=True, too.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from sync_core.errors import Rejected
from sync_core.ids import is_guid

SCOPE = "https://graph.microsoft.com/.default"
"""All application permissions of the registration."""
MAX_QUERY = 4096
MAX_SHOWN = 300
FOREIGN = "redirect_uri"
"""Part of the question: where an answer names a place to go on to, somebody else has written it."""
_READ = frozenset({"state", "tenant", "admin_consent", "error", "error_description"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Either `tenant_id`, which is claimed and not proved, or `refusal`, in Entra's words."""

    state: str
    tenant_id: str = ""
    refusal: str = ""


def consent_url(authority: str, *, client_id: str, redirect_uri: str, state: str) -> str:
    """Where the browser goes. `organizations`: whoever signs in there decides which tenant it is; `common` does not serve consent."""
    asked = {"client_id": client_id, "scope": SCOPE, "redirect_uri": redirect_uri, "state": state}
    return f"{authority.rstrip('/')}/organizations/v2.0/adminconsent?{urlencode(asked)}"


def read_answer(query: str) -> Answer:
    """Raises Rejected for an answer that Entra does not give: without a state, with a parameter twice, or saying neither yes nor no."""
    if len(query) > MAX_QUERY:
        raise Rejected("this is not an answer of Microsoft Entra: it is too long")
    said: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in said and name in _READ:
            raise Rejected(f"this is not an answer of Microsoft Entra: it says {name} twice")
        said[name] = value
    if FOREIGN in said:
        raise Rejected(f"this is not an answer of Microsoft Entra: it never says a {FOREIGN}")
    if not said.get("state"):
        raise Rejected("this is not an answer to a question of ours: it has no state")
    if "error" in said:  # before anything that looks like success
        return Answer(said["state"], refusal=_presentable(f"{said['error']}: {said.get('error_description', '')}"))
    tenant_id = said.get("tenant", "").lower()
    if said.get("admin_consent", "").lower() != "true" or not is_guid(tenant_id):
        raise Rejected("this is not an answer of Microsoft Entra: it says neither which tenant has consented nor why none has")
    return Answer(said["state"], tenant_id)


def _presentable(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:MAX_SHOWN].rstrip(": ")
