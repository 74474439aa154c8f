"""A phone without a screen, written from sync/PROTOCOL.md and sync/vectors/ alone, for test_stranger.py and tests/faults.

`db` is its database, plain JSON: what a restart finds. No request is made between two writes that belong together.
"""

import json
from urllib.parse import urlencode

from tests.sync import stranger_values as values


class Stranger:
    """ask(method, path, headers, body) -> status, headers (lower case), bytes; wall and mono: its clocks, ms."""

    def __init__(self, ask, user_id, wall, mono, new_id):
        self.ask, self.user_id, self.wall, self.mono, self.new_id = ask, user_id, wall, mono, new_id
        self.db = {"device_id": new_id(), "epoch": None, "head": -1, "ops": [], "files": {}}
        self.db |= {"rows": {}, "cursor": None, "shadow": None}
        self.key, self.registered, self.contact = values.Key(), None, None  # a new start is a new monotonic clock

    def request(self, method, path, body=None, **headers):  # status, headers, answer, slug or status
        given = {"X-Fieldpledge": "1", "Sync-User": self.user_id, "Content-Type": "application/json"} | headers
        sent, body = self.mono(), json.dumps(body).encode() if isinstance(body, dict) else body
        status, head, data = self.ask(method, path, given, body)
        answer = values.read(status, head, data)
        if "server_time" in answer:
            self.contact = values.contact_of(answer["server_time"], sent, self.mono())
        for entry in self.db["ops"][answer.get("acked_seq", len(self.db["ops"])) :]:  # M-51
            entry |= {"receipt": None, "left": False}
        return status, head, answer, answer.get("type", str(status)).removeprefix("/problems/")

    def do(self, mode, type_, kind, record_id, args, **given):  # saved, in one write: M-08 … M-13; returns the op_id
        row, seen = self.db["rows"].get(f"{kind}/{record_id}", {"rev": None}), self.shown(kind, record_id)
        op = {"op_id": self.new_id(), "seq": len(self.db["ops"]) + 1, "type": type_, "v": 1, "args": args}
        op |= {"record": {"kind": kind, "id": record_id}, "base_rev": row["rev"]}
        op |= {"base": {name: seen.get(name) for name in args} if mode == "edit" else None}
        op |= values.tapped(self.wall(), self.mono(), self.contact) | given
        self.db["ops"].append({"op": op, "shows": {} if mode == "act" else args, "receipt": None, "left": False})
        return op["op_id"]

    def shown(self, kind, record_id):  # M-52
        row = dict(self.db["rows"].get(f"{kind}/{record_id}", {"row": {}})["row"])
        for entry in self.overlay():
            row |= entry["shows"] if entry["op"]["record"] == {"kind": kind, "id": record_id} else {}
        return row

    def overlay(self):
        return [entry for entry in self.db["ops"] if not entry["left"] and "record" in entry["op"]]

    def push(self, most=200):
        """Everything unacked, M-15 … M-27. Returns None or what stopped it; by that nothing is lost (M-22)."""
        me = (self.db["device_id"], self.db["epoch"])
        if self.registered != me:  # M-64; a restored server may have forgotten it
            body = {"id": me[0], "user_id": self.user_id, "public_key": self.key.jwk}
            self.registered = me if self.request("POST", "/api/devices", body)[0] == 200 else None
        while ops := self.unacked()[:most]:
            said = self.offer(ops)
            most = (len(ops) + 1) // 2 if said == "halve" else most
            if said not in ("acked", "halve", "stuck", "sequence-gap", "sequence-reused"):
                return said

    def unacked(self):
        return [entry["op"] for entry in self.db["ops"] if not entry["receipt"]]

    def offer(self, ops):  # one push; what was understood of its answer
        db = self.db
        chain = values.links(db["device_id"], [entry["op"] for entry in db["ops"][: ops[-1]["seq"] if ops else None]])
        body = {"device_id": db["device_id"], "epoch": db["epoch"], "schema": 1, "app": "stranger", "ops": ops}
        body |= {"prev_hash": chain[-1 - len(ops)], "key_id": self.key.id, "signature": self.key.sign(chain[-1])}
        status, _, answer, slug = self.request("POST", "/api/sync/v1/push", body)
        if status == 200 and values.answers(answer.get("results"), ops):
            for result in answer["results"]:
                if result["status"] == "retry":
                    return "retry"
                receipt = {"result": result, "head": answer["feed_head"], "epoch": answer["epoch"]}
                db["ops"][result["seq"] - 1]["receipt"] = receipt
            return "acked"
        if slug == "sequence-reused":  # M-17; nothing is acked under the new id, so M-23 offers all that is kept
            db |= {"device_id": self.new_id(), "ops": [entry for entry in db["ops"] if "record" in entry["op"]]}
            for place, entry in enumerate(db["ops"]):
                entry |= {"op": entry["op"] | {"seq": place + 1}, "receipt": None}
        if status not in (400, 413) or len(ops) > 1:
            return "halve" if status in (400, 413) else slug
        void = {"op": {"seq": ops[0]["seq"], "void": slug}, "shows": {}, "receipt": None, "left": True}
        db["ops"][ops[0]["seq"] - 1] = void | {"stuck": ops[0]}  # M-12, M-21
        return "stuck"

    def pull(self, **wanted):  # to the head; None or what stopped it
        while (said := self.page(**wanted)) in ("more", "reset"):
            pass
        return None if said == "done" else said

    def page(self, **wanted):  # one pull; what was understood of its answer (M-39 … M-51)
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
            row = rows.setdefault("{kind}/{id}".format(**change), {"rev": 0, "row": {}, "buckets": []})
            row["buckets"] = [bucket for bucket in row["buckets"] if bucket != change["bucket"]]
            if change["op"] == "put":
                row["buckets"].append(change["bucket"])
                row |= {n: change[n] for n in ("rev", "row")} if change["rev"] >= row["rev"] or goes_back else {}

    def compare(self, bucket, said=None):  # M-47
        have = [[*key.split("/"), row["rev"]] for key, row in self.db["rows"].items() if bucket in row["buckets"]]
        if said != values.digest_of(have):
            body = {"device_id": self.db["device_id"], "bucket": bucket, "have": have}
            answer = self.request("POST", "/api/sync/v1/inventory", body)[2]
            self.apply(self.db["rows"], answer.get("changes", []), goes_back=True)
            return self.compare(bucket) if answer.get("more") else None

    def upload(self):  # what is not stored yet, from where it stands (M-56, M-76); None or what stopped it
        for sha256, file in self.db["files"].items():
            if self.shown("file", sha256).get("state") in ("stored", "erased"):
                continue
            given = values.creation_of(sha256, file)
            status, head, _, slug = self.request("POST", "/api/files/uploads", b"", **given)
            place = head.get("location")
            while status in (200, 201, 204, 409) and (at := int(head.get("upload-offset", 1e9))) < file["size"]:
                chunk, given = values.chunk_of(file, at)
                status, head, _, slug = self.request("PATCH", place, chunk, **given)
            if status not in (200, 201, 204):
                return slug
