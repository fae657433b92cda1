"""Links that let somebody in once: their tokens are made anew whenever they are needed, so the tables hold nothing to steal (D-29)."""

import base64
import hmac
import re
from enum import StrEnum

from sync_core.errors import Misconfigured, NotFound
from sync_core.ids import FORM
from sync_core.secrets import SecretBox

_TOKEN = re.compile(rf"(?P<owner>{FORM})\.(?P<generation>[0-9]{{1,9}})\.(?P<mark>[\w-]{{43}})", re.ASCII)


class LinkKind(StrEnum):
    """The first segment of the link's path."""

    ACTIVATION = "activate"
    ENROLLMENT = "enroll"


class Links:
    def __init__(self, box: SecretBox, public_url: str) -> None:
        """`public_url`: where browsers reach this deployment, without a slash at the end; "" when nothing tells it."""
        self._box = box
        self._public_url = public_url

    def token(self, kind: LinkKind, owner: str, generation: int) -> str:
        """The same for the same record and generation: a link that is sent again is the same link (B-092)."""
        digest = self._box.digest(f"{owner}.{generation}", owner=f"{kind} link")
        return f"{owner}.{generation}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    def check(self) -> None:
        """Raises Misconfigured when nobody could open a link."""
        if not self._public_url:
            raise Misconfigured("links lead nowhere: set PUBLIC_URL to the https address of this deployment")

    def url(self, kind: LinkKind, owner: str, generation: int) -> str:
        """Raises Misconfigured when nobody could open it."""
        self.check()
        return f"{self._public_url}/{kind}/{self.token(kind, owner, generation)}"

    def read(self, kind: LinkKind, token: str) -> tuple[str, int]:
        """The record's id and the generation. Whether that still has such a link, the caller asks. Raises NotFound for a forgery."""
        found = _TOKEN.fullmatch(token)
        if found is not None:
            owner, generation = found["owner"], int(found["generation"])
            if hmac.compare_digest(self.token(kind, owner, generation).encode(), token.encode()):
                return owner, generation
        raise NotFound("this link is none of this deployment's")
