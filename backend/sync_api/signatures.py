"""A request's signature over the head of the phone's chain: M-64. Evidence: a wrong one is noted, work is never refused for it."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sync.server.canonical import hash_of

_POINT, _SIGNATURE = 32, 64


def key_id_of(public_key: dict[str, Any]) -> str:
    """RFC 7638 thumbprint of an EC key, in hex."""
    return hash_of({name: public_key.get(name) for name in ("crv", "kty", "x", "y")})


def is_signed(link: str, signature: str, key_id: str | None, public_key: dict[str, Any] | None) -> bool | None:
    """Does the signature hold for this link? None when the named key is not the one registered for the phone."""
    if not public_key or key_id != key_id_of(public_key):
        return None
    try:
        x, y = (int.from_bytes(_bytes(public_key[name], _POINT)) for name in ("x", "y"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        raw = _bytes(signature, _SIGNATURE)
        der = encode_dss_signature(int.from_bytes(raw[:_POINT]), int.from_bytes(raw[_POINT:]))
        key.verify(der, link.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False
    return True


def _bytes(text: Any, size: int) -> bytes:
    """base64url without padding, of exactly `size` bytes. Raises ValueError."""
    out = base64.b64decode(str(text) + "=" * (-len(str(text)) % 4), altchars=b"-_", validate=True)
    if len(out) != size:
        raise ValueError("wrong length")
    return out
