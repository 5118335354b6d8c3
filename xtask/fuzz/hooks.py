"""What schemathesis is told beside the OpenAPI document: who asks, how programs sign, and ids that are there.

Without known ids nearly every call would end in 404, and nothing behind it would be tried. So an id of a path, or of a
body, is more often than not one that the asker finds in its own lists.
"""

import atexit
import collections
import hashlib
import hmac
import json
import os
import random
import secrets
import time
from urllib.parse import urlsplit

import schemathesis
from requests.auth import AuthBase

FACTS = json.loads(os.environ["CUEKEY_FUZZ"])
LUCK = random.Random(FACTS["seed"])


class Asker(AuthBase):
    def __call__(self, request):
        path = urlsplit(request.url).path
        if path.startswith("/client/"):
            if FACTS["role"] == "program" and LUCK.random() < 0.9:
                self.sign(request)
        elif FACTS["token"] and not self.ends_the_session(request.method, path):
            request.headers["Authorization"] = "Bearer " + FACTS["token"]
        return request

    @staticmethod
    def ends_the_session(method, path):
        """The run goes on with it: what these do is asked without one."""
        ends = {("DELETE", "/api/v1/session"), ("POST", "/api/v1/me/password"), ("DELETE", "/api/v1/me/sessions/" + FACTS["session"])}
        return (method, path) in ends

    @staticmethod
    def sign(request):
        target = urlsplit(request.url)
        target = target.path + ("?" + target.query if target.query else "")
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        stamp, nonce = str(int(time.time())), secrets.token_urlsafe(18)
        text = "\n".join(["cuekey-request-v1", request.method, target, stamp, nonce, hashlib.sha256(body).hexdigest()])
        mac = hmac.new(FACTS["project"]["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
        request.headers["Cuekey-Key"] = FACTS["project"]["api_key"]
        request.headers["Cuekey-Timestamp"] = stamp
        request.headers["Cuekey-Nonce"] = nonce
        request.headers["Cuekey-Signature"] = "v1=" + mac


schemathesis.auth.set_from_requests(Asker())


def known(kind):
    found = FACTS["ids"].get(kind)
    return LUCK.choice(found) if found and LUCK.random() < 0.75 else None


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not path_parameters:
        return path_parameters
    part = context.operation.path.removeprefix("/api/v1/").split("/{")[0]
    for name in path_parameters:
        there = known(part)
        if there is not None:
            path_parameters = {**path_parameters, name: there}
        # A role that had to set up a second factor would do nothing else.
        if path_parameters[name] == "security.second_factor_roles":
            path_parameters = {**path_parameters, name: "quota.transfer_minimum"}
    return path_parameters


BODY = {
    "project_id": "projects",
    "project": "projects",
    "agent_id": "users",
    "agent": "users",
    "batch": "batches",
    "to_name": "names",
    "key": "keys.text",
}


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    body = dict(body)
    for name, kind in BODY.items():
        if isinstance(body.get(name), str):
            there = known(kind)
            if there is not None:
                body[name] = there
    # Few numbers that are drawn have a price.
    if "validity" in body and "unit" in body and LUCK.random() < 0.5:
        body.update(unit="month", validity=1, count=LUCK.randint(1, 3))
    if isinstance(body.get("amount"), int) and LUCK.random() < 0.5:
        body["amount"] = LUCK.randint(1, 120)
    if isinstance(body.get("ids"), list) and body["ids"]:
        there = known("keys")
        if there is not None:
            body["ids"] = [there]
    return body


@schemathesis.hook
def map_headers(context, headers):
    if headers and "Idempotency-Key" in headers and LUCK.random() < 0.8:
        headers = {**headers, "Idempotency-Key": secrets.token_hex(8)}
    return headers


ANSWERS = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    ANSWERS[f"{case.operation.method.upper()} {case.operation.path}"][response.status_code] += 1


@atexit.register
def write_answers():
    """What was answered how often: a run that was refused everywhere has shown nothing."""
    with open(FACTS["answers"], "w", encoding="utf-8") as file:
        json.dump({name: dict(counts) for name, counts in sorted(ANSWERS.items())}, file, indent=1)
