"""A phone without a screen, written from sync/PROTOCOL.md and sync/vectors/ alone; test_stranger.py plays it.

`db` is its database, plain JSON: what a restart finds. No request is made between two writes that belong together.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

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


def b64(data):
    return base64.b64encode(data).decode()


def b64url(number, size):
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).decode().rstrip("=")


class Stranger:
    """ask(method, path, headers, body) -> status, headers (lower case), bytes; wall and mono: its clocks, ms."""

    def __init__(self, ask, user_id, wall, mono, new_id):
        self.ask, self.user_id, self.wall, self.mono, self.new_id = ask, user_id, wall, mono, new_id
        self.db = {"device_id": new_id(), "epoch": None, "head": -1, "ops": [], "stuck": [], "files": {}}
        self.db |= {"rows": {}, "cursor": None, "shadow": None}
        self.contact = self.registered = None  # not in db: a new start begins the monotonic clock anew
        self.key = ec.generate_private_key(ec.SECP256R1())
        at = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": b64url(at.x, 32), "y": b64url(at.y, 32)}

    def request(self, method, path, body=None, **headers):
        """(status, headers, answer, slug or status). Every contact measures the clock (M-61) and may set back (M-51)."""
        given = {"X-Fieldpledge": "1", "Sync-User": self.user_id} | headers  # M-66, M-74
        if isinstance(body, dict):
            body, given = json.dumps(body).encode(), given | {"Content-Type": "application/json"}
        sent = self.mono()
        status, head, data = self.ask(method, path, given, body)
        rtt_ms = self.mono() - sent
        answer = json.loads(data) if "json" in head.get("content-type", "") else {}
        if status == 204 and "sync-epoch" in head:  # M-43
            answer = {"epoch": head["sync-epoch"], "server_time": head["sync-server-time"], "changes": []}
            answer |= {"acked_seq": int(head["sync-acked-seq"]), "feed_head": int(head["sync-feed-head"])}
        if at := answer.get("server_time"):
            self.contact = (round(datetime.fromisoformat(at).timestamp() * 1000), sent + rtt_ms // 2, rtt_ms)
        for entry in filter(None, self.db["ops"][answer.get("acked_seq", len(self.db["ops"])) :]):
            entry |= {"receipt": None, "left": False}
        return status, head, answer, answer.get("type", str(status)).removeprefix("/problems/")

    def do(self, mode, type_, kind, record_id, args, base=None, mends=None, files=()):
        """Saved: the next number and what the overlay shows, in one write (M-08 … M-13, M-61). Returns the op_id."""
        wall, mono, row = self.wall(), self.mono(), self.db["rows"].get(f"{kind}/{record_id}")
        at, then, rtt_ms = self.contact or (0, 0, 0)
        clock = {"offset_ms": at + mono - then - wall, "rtt_ms": rtt_ms, "age_s": (mono - then) // 1000}
        tapped = datetime.fromtimestamp(wall / 1000, UTC).isoformat(timespec="milliseconds")
        base = {name: self.shown(kind, record_id).get(name) for name in args} if mode == "edit" else base
        op = {"op_id": self.new_id(), "seq": len(self.db["ops"]) + 1, "type": type_, "v": 1, "args": args}
        op |= {"record": {"kind": kind, "id": record_id}, "base": base, "base_rev": row["rev"] if row else None}
        op |= {"occurred_at": tapped.replace("+00:00", "Z"), "mono_ms": mono, "clock": self.contact and clock}
        op |= {"mends": mends, "files": [f"sha256:{sha256}" for sha256 in files]}
        self.db["ops"].append({"op": op, "shows": {} if mode == "act" else args, "receipt": None, "left": False})
        return op["op_id"]

    def settle(self, conflict_id, choice, value=None):  # M-68
        row = self.db["rows"][f"conflict/{conflict_id}"]["row"]
        live = self.shown(row["record_kind"], row["record_id"]).get(row["field"], row["server_value"])
        args, base = {"choice": choice, "value": value}, {"server_value": live}
        return self.do("act", "conflict.settle", "conflict", conflict_id, args, base)

    def shown(self, kind, record_id):  # M-52
        row = dict(self.db["rows"].get(f"{kind}/{record_id}", {"row": {}})["row"])
        for entry in self.overlay():
            row |= entry["shows"] if entry["op"]["record"] == {"kind": kind, "id": record_id} else {}
        return row

    def overlay(self):
        return [entry for entry in self.db["ops"] if entry and not entry["left"] and "record" in entry["op"]]

    def push(self, most=200):
        """Everything unacked, M-15 … M-27. Returns None or what stopped it; by that nothing is lost (M-22)."""
        me = (self.db["device_id"], self.db["epoch"])
        if self.registered != me:  # M-64; a restored server may have forgotten it
            body = {"id": me[0], "user_id": self.user_id, "public_key": self.jwk}
            self.registered = me if self.request("POST", "/api/devices", body)[0] == 200 else None
        while ops := self.unacked()[:most]:
            said = self.offer(ops)
            most = (len(ops) + 1) // 2 if said == "halve" else most
            if said not in ("acked", "halve", "stuck", "sequence-gap", "sequence-reused"):
                return said

    def unacked(self):  # M-12: a void where there is nothing
        for place, entry in enumerate(self.db["ops"]):
            void = {"seq": place + 1, "void": "not on this phone"}
            self.db["ops"][place] = entry or {"op": void, "shows": {}, "receipt": None, "left": True}
        return [entry["op"] for entry in self.db["ops"] if not entry["receipt"]]

    def offer(self, ops):
        """One push; what was understood of its answer."""
        db, held = self.db, self.db["ops"][: ops[-1]["seq"]] if ops else self.db["ops"]
        chain = links(db["device_id"], [entry["op"] for entry in held if entry])
        r, s = utils.decode_dss_signature(self.key.sign(chain[-1].encode(), ec.ECDSA(SHA256())))
        body = {"device_id": db["device_id"], "epoch": db["epoch"], "schema": 1, "app": "stranger", "ops": ops}
        body |= {
            "prev_hash": chain[-1 - len(ops)],
            "key_id": hash_of(self.jwk),
            "signature": b64url(r << 256 | s, 64),
        }
        status, _, answer, slug = self.request("POST", "/api/sync/v1/push", body)
        if status == 200 and "results" in answer:
            for result in answer["results"]:
                receipt = {"result": result, "head": answer["feed_head"], "epoch": answer["epoch"]}
                db["ops"][result["seq"] - 1]["receipt"] = receipt if result["status"] != "retry" else None
            return "retry" if any(result["status"] == "retry" for result in answer["results"]) else "acked"
        if slug == "sequence-reused":  # M-17; nothing is acked under the new id, so M-23 offers all that is kept
            db |= {"device_id": self.new_id(), "ops": [entry for entry in db["ops"] if "record" in entry["op"]]}
            for place, entry in enumerate(db["ops"]):
                entry |= {"op": entry["op"] | {"seq": place + 1}, "receipt": None}
        if status not in (400, 413) or len(ops) > 1:
            return "halve" if status in (400, 413) else slug
        db["stuck"].append(ops[0] | {"problem": slug})  # M-21
        db["ops"][ops[0]["seq"] - 1] = None
        return "stuck"

    def pull(self, **wanted):
        """To the head. Returns None or what stopped it."""
        while (said := self.page(**wanted)) in ("more", "reset"):
            pass
        return None if said == "done" else said

    def page(self, **wanted):
        """One pull; what was understood of its answer (M-39 … M-51)."""
        db, at = self.db, self.db["shadow"] or self.db
        query = {"device_id": db["device_id"], "schema": 1, **wanted}
        query |= {"cursor": at["cursor"]} if at["cursor"] else {}
        _, _, answer, slug = self.request("GET", f"/api/sync/v1/pull?{urlencode(query)}")
        if slug in ("reset", "cursor-invalid"):
            db["shadow"] = {"rows": {}, "cursor": None}
            return "reset"
        if "changes" not in answer:
            return slug
        self.apply(at["rows"], answer["changes"], answer.get("buckets", {}).get("removed", ()))
        at["cursor"] = answer.get("cursor", at["cursor"])
        if answer.get("more"):
            return "more"
        if at is not db:  # M-50
            detached = {key: row | {"rev": 0, "buckets": []} for key, row in db["rows"].items()}
            db |= {"rows": detached | at["rows"], "cursor": at["cursor"], "shadow": None}
        db |= {"epoch": answer["epoch"], "head": answer["feed_head"]}
        for entry in self.overlay():  # M-53
            told = entry["receipt"] or {"epoch": None}
            is_passed = told["epoch"] == db["epoch"] and told["head"] <= db["head"]
            entry["left"] = is_passed or (at is not db and entry["op"]["seq"] <= answer["acked_seq"])
        for bucket, said in answer.get("digest", {}).items():
            self.compare(bucket, said)
        hung = {"{kind}/{id}".format(**entry["op"]["record"]) for entry in self.overlay()}
        db["rows"] = {key: row for key, row in db["rows"].items() if row["buckets"] or key in hung}  # M-41
        return "done"

    def apply(self, rows, changes, removed=(), goes_back=False):  # M-41, M-42
        for row in rows.values():
            row["buckets"] = [bucket for bucket in row["buckets"] if bucket not in removed]
        for change in changes:
            key = f"{change['kind']}/{change['id']}"
            row = rows.get(key, {"rev": 0, "buckets": []})
            row["buckets"] = [bucket for bucket in row["buckets"] if bucket != change["bucket"]]
            if change["op"] == "put":
                is_newer = change["rev"] >= row["rev"] or goes_back
                rows[key] = row | ({"rev": change["rev"], "row": change["row"]} if is_newer else {})
                rows[key]["buckets"].append(change["bucket"])

    def compare(self, bucket, said=None):  # M-47
        have = [[*key.split("/"), row["rev"]] for key, row in self.db["rows"].items() if bucket in row["buckets"]]
        if said != digest_of(have):
            body = {"device_id": self.db["device_id"], "bucket": bucket, "have": have}
            answer = self.request("POST", "/api/sync/v1/inventory", body)[2]
            self.apply(self.db["rows"], answer.get("changes", []), goes_back=True)
            if answer.get("more"):
                self.compare(bucket)

    def upload(self):
        """Files that are not stored yet, each from where it stands (M-56). Returns None or what stopped it."""
        for sha256, file in self.db["files"].items():
            if self.shown("file", sha256).get("state") != "stored":
                data, given = base64.b64decode(file["bytes"]), {"Tus-Resumable": "1.0.0"}
                named = f"sha256 {b64(sha256.encode())},content_type {b64(file['type'].encode())}"
                create = {"Upload-Length": str(len(data)), "Upload-Metadata": named}
                status, head, _, slug = self.request("POST", "/api/files/uploads", b"", **given, **create)
                place = head.get("location")
                while status in (200, 201, 204, 409) and (at := int(head.get("upload-offset", 1e9))) < len(data):
                    chunk = data[at : at + 256 * 1024]
                    given |= {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
                    given |= {"Upload-Checksum": f"sha256 {b64(hashlib.sha256(chunk).digest())}"}
                    status, head, _, slug = self.request("PATCH", place, chunk, **given)
                if status not in (200, 201, 204):
                    return slug
