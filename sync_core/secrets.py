"""Secrets at rest: AES-GCM under the deployment's key, each bound to what it belongs to.

A sealed text is the key's id (4 bytes), a random nonce (12 bytes) and the ciphertext with its tag (NIST SP 800-38D).
"""

import base64
import binascii
import hashlib
import hmac
import os

from pydantic import SecretStr

from sync_core.errors import Misconfigured

KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class SecretBox:
    def __init__(self, key: bytes) -> None:
        self._key = key
        self._key_id = hashlib.blake2b(key, digest_size=_KEY_ID_BYTES).digest()

    @classmethod
    def of(cls, secret_key: SecretStr) -> "SecretBox":
        """The box of the setting SECRET_KEY. Raises Misconfigured when that is not 32 bytes in base64."""
        try:
            key = base64.b64decode(secret_key.get_secret_value(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise Misconfigured(f"SECRET_KEY must be {KEY_BYTES} bytes in base64: make one with `openssl rand -base64 {KEY_BYTES}`")
        return cls(key)

    def seal(self, text: str, *, owner: str) -> bytes:
        """`text`, encrypted so that it opens under this key and for this owner only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return self._key_id + nonce + AESGCM(self._key).encrypt(nonce, text.encode(), owner.encode())

    def digest(self, text: str, *, owner: str) -> bytes:
        """What `text` is recognized by under this key and for this owner, and nobody can guess it from without the key."""
        key = hmac.digest(self._key, b"digest", "sha256")
        return hmac.digest(key, f"{owner}\0{text}".encode(), "sha256")

    def open(self, sealed: bytes, *, owner: str) -> str:
        """Raises Misconfigured when it was sealed under another key or for another owner."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key_id, nonce, ciphertext = sealed[:_KEY_ID_BYTES], sealed[_KEY_ID_BYTES:][:_NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
        if key_id != self._key_id:
            raise Misconfigured(
                f"a secret was sealed under the SECRET_KEY with id {key_id.hex()}, and the present one has id {self._key_id.hex()}: "
                "restore the former SECRET_KEY, or make new integration keys"
            )
        try:
            return AESGCM(self._key).decrypt(nonce, ciphertext, owner.encode()).decode()
        except InvalidTag:
            raise Misconfigured("a stored secret was altered or moved to another owner: make a new integration key") from None
