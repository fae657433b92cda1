"""Usernames and aliases: one namespace, unique over the whole directory (D-03).

Two spellings are one name when they fold alike. What is stored is the spelling of the source; what is claimed is the
digest of the folded name.
"""

import hashlib
import unicodedata

DIGEST_BYTES = 16


def fold(name: str) -> str:
    """NFC(casefold(NFC(name))): the form in which names are compared (D-03)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def digest(name: str) -> str:
    """32 hex digits that are equal for names that fold alike: the key of a name's claim."""
    return hashlib.blake2b(fold(name).encode(), digest_size=DIGEST_BYTES).hexdigest()


def normalize(principal_name: str) -> str:
    """The part before "@" of a userPrincipalName (B-061); the whole of it where that is empty or there is no "@"."""
    local, _, _ = principal_name.partition("@")
    return local or principal_name
