"""What sync/PROTOCOL.md computes and how it is written down: hashes, chain, digests, times, a phone's key, tus headers.

Values in, values out; held to the vectors by test_stranger.py. What a phone does with them is in stranger.py.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from rfc8785 import dumps as canonical


def hash_of(value):  # M-05
    return hashlib.sha256(canonical(value)).hexdigest()


def content_hash(op):  # M-11, M-63
    return hash_of({name: value for name, value in op.items() if name != "seq"})


def links(device_id, ops):  # M-63
    out = [hash_of({"device_id": device_id})]
    for op in ops:
        out.append(hash_of({"content": content_hash(op), "prev": out[-1], "seq": op["seq"]}))
    return out


def digest_of(rows):  # M-47: of (kind, id, rev)
    xor = 0
    for row in rows:
        xor ^= int(hashlib.sha256("{}/{}/{}".format(*row).encode()).hexdigest()[:16], 16)
    return {"count": len(rows), "xor": f"{xor:016x}"}


def contact_of(
    server_time, sent_ms, heard_ms
):  # M-61: the server's time, the monotonic instant, the way there and back
    at, rtt_ms = round(datetime.fromisoformat(server_time).timestamp() * 1000), heard_ms - sent_ms
    return at, sent_ms + rtt_ms // 2, rtt_ms


def tapped(wall_ms, mono_ms, contact):  # M-03, M-61: the members of an operation that tell the time
    text = datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    at, then, rtt_ms = contact or (0, 0, 0)
    clock = {"offset_ms": at + mono_ms - then - wall_ms, "rtt_ms": rtt_ms, "age_s": (mono_ms - then) // 1000}
    return {"occurred_at": text, "mono_ms": mono_ms, "clock": clock if contact else None}


def answers(results, ops):  # M-25: one result per operation, in order, up to a `retry`
    if results and results[-1]["status"] == "retry":
        ops = ops[: len(results)]
    return results is not None and [result["seq"] for result in results] == [op["seq"] for op in ops]


def read(status, head, data):  # M-43, M-66: an answer as an object; {} for what is not one of the protocol's
    if status != 204 or "sync-epoch" not in head:
        return json.loads(data) if "json" in head.get("content-type", "") else {}
    out = {"epoch": head["sync-epoch"], "server_time": head["sync-server-time"], "changes": []}
    return out | {"acked_seq": int(head["sync-acked-seq"]), "feed_head": int(head["sync-feed-head"])}


def b64(data):
    return base64.b64encode(data).decode()


def file_of(data, content_type):
    return {"bytes": b64(data), "size": len(data), "type": content_type}


def creation_of(sha256, file):  # M-56
    named = f"sha256 {b64(sha256.encode())},content_type {b64(file['type'].encode())}"
    return {"Tus-Resumable": "1.0.0", "Upload-Length": str(file["size"]), "Upload-Metadata": named}


def chunk_of(file, at):  # M-56: the bytes of the next request and its headers
    chunk = base64.b64decode(file["bytes"])[at : at + 256 * 1024]
    head = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0", "Upload-Offset": str(at)}
    return chunk, head | {"Upload-Checksum": f"sha256 {b64(hashlib.sha256(chunk).digest())}"}


class Key:
    """Signs the head of the chain (M-64)."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        at = self.private.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": _b64url(at.x, 32), "y": _b64url(at.y, 32)}
        self.id = hash_of(self.jwk)

    def sign(self, link):
        r, s = utils.decode_dss_signature(self.private.sign(link.encode(), ec.ECDSA(SHA256())))
        return _b64url(r << 256 | s, 64)


def _b64url(number, size):
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).decode().rstrip("=")
