"""What schemathesis is told beside the OpenAPI document: who asks, how programs sign, and ids that are there.

Without known ids nearly every call would end in 404, and nothing behind it would be tried. So an id of a path, or of a
body, is more often than not one that the asker finds in its own lists, or was told since; and now and then a whole body is good.
"""

import atexit
import collections
import json
import os
import random
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

import schemathesis
from requests.auth import AuthBase

sys.path.insert(0, str(Path(__file__).parent))
from bodies import good  # noqa: E402
from door import signed  # noqa: E402

FACTS = json.loads(Path(os.environ["CUEKEY_FUZZ"]).read_text(encoding="utf-8"))
IDS = FACTS["ids"]
LUCK = random.Random(FACTS["seed"])


class Asker(AuthBase):
    def __call__(self, request):
        path = urlsplit(request.url).path
        if path.startswith("/client/"):
            if FACTS["asker"] == "program" and LUCK.random() < 0.9:
                self.sign(request)
        elif FACTS["token"] and not self.ends_the_session(request.method, path):
            request.headers["Authorization"] = "Bearer " + FACTS["token"]
        return request

    @staticmethod
    def ends_the_session(method, path):
        """The run goes on with it: what these do is asked without one."""
        ends = {
            ("DELETE", "/api/v1/session"),
            ("POST", "/api/v1/me/password"),
            ("DELETE", "/api/v1/me/sessions/" + FACTS["session"]),
            ("POST", "/customer/v1/sign-out"),
            ("POST", "/customer/v1/sign-out-everywhere"),
        }
        return (method, path) in ends

    @staticmethod
    def sign(request):
        target = urlsplit(request.url)
        target = target.path + ("?" + target.query if target.query else "")
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        request.headers.update(signed(FACTS["project"], request.method, target, body))


schemathesis.auth.set_from_requests(Asker())


def there(kind):
    return LUCK.choice(IDS[kind]) if IDS.get(kind) else None


def known(kind):
    return there(kind) if LUCK.random() < 0.75 else None


# Not what the path's beginning says.
OTHER_KINDS = {
    "/api/v1/tables/{id}/retire": "tables.spare",
    "/customer/v1/sessions/{id}/extend": "live",
    "/customer/v1/sessions/{id}/extension": "live",
    "/customer/v1/sessions/{id}/pause": "live",
    "/customer/v1/sessions/{id}/resume": "live",
}


def kind_of(path):
    """To which part of the API an operation, and the id in its path, belong."""
    for door in ("/api/v1/", "/customer/v1/"):
        path = path.removeprefix(door)
    return path.split("/{")[0]


def path_parameters(case):
    found = dict(case.path_parameters)
    kind = OTHER_KINDS.get(case.operation.path) or kind_of(case.operation.path)
    for name in found:
        id = known(kind)
        if id is not None:
            found[name] = id
        # A role that had to set up a second factor would do nothing else.
        if found[name] == "security.second_factor_roles":
            found[name] = "quota.transfer_minimum"
    return found


BODY = {
    "project_id": "projects",
    "project": "projects",
    "agent_id": "users",
    "agent": "users",
    "batch": "batches",
    "to_name": "names",
    "key": "keys.text",
    "venue_id": "venues",
    "table_id": "tables",
    "tariff_id": "price-lists",
    "session_id": "sessions",
    "user_id": "staff",
    "number": "number",
}


def body(drawn):
    made = dict(drawn)
    for name, kind in BODY.items():
        if isinstance(made.get(name), str):
            id = known(kind)
            if id is not None:
                made[name] = id
    # Few numbers that are drawn have a price.
    if "validity" in made and "unit" in made and LUCK.random() < 0.5:
        made.update(unit="month", validity=1, count=LUCK.randint(1, 3))
    if isinstance(made.get("amount"), int) and LUCK.random() < 0.5:
        made["amount"] = LUCK.randint(1, 120)
    if isinstance(made.get("ids"), list) and made["ids"]:
        id = known("keys")
        if id is not None:
            made["ids"] = [id]
    return made


def operation(case):
    return f"{case.operation.method.upper()} {case.operation.path}"


@schemathesis.hook
def map_case(context, case):
    """In every phase: hooks of single parts are not asked where schemathesis goes through what the document allows and forbids."""
    if case.path_parameters:
        case.path_parameters = path_parameters(case)
    if isinstance(case.body, dict):
        whole = good(operation(case), there, LUCK) if LUCK.random() < 0.4 else None
        case.body = body(case.body) if whole is None else whole
    if case.headers and "Idempotency-Key" in case.headers and LUCK.random() < 0.8:
        headers = case.headers.copy()
        headers["Idempotency-Key"] = secrets.token_hex(8)
        case.headers = headers
    return case


# What was answered how often; nothing yet to all that is to be asked.
ANSWERS = {name: collections.Counter() for name in FACTS["operations"]}
for name, counts in FACTS["answered"].items():
    ANSWERS[name] = collections.Counter(counts)


def learn(case, response):
    """What was made is there from now on."""
    try:
        said = response.json()
    except ValueError:
        return
    if not isinstance(said, dict):
        return
    if operation(case) == "POST /api/v1/exports/keys":
        IDS.setdefault("exports", []).append(said["url"].rsplit("/", 1)[-1])
    elif response.status_code == 201 and "{" not in case.operation.path and isinstance(said.get("id"), str):
        IDS.setdefault(kind_of(case.operation.path), []).append(said["id"])
    elif operation(case) == "POST /customer/v1/tables/{id}/open":
        for kind in ("live", "sessions"):
            IDS.setdefault(kind, []).append(said["id"])


@schemathesis.hook
def after_call(context, case, response):
    # Methods that the document does not name are tried as well; they are no operation.
    if case.method.upper() != case.operation.method.upper():
        return
    ANSWERS.setdefault(operation(case), collections.Counter())[str(response.status_code)] += 1
    if 200 <= response.status_code < 300:
        learn(case, response)


@atexit.register
def write_answers():
    """A run that was refused everywhere has shown nothing, nor has one that did not come to all of it."""
    with open(FACTS["answers"], "w", encoding="utf-8") as file:
        json.dump({name: dict(counts) for name, counts in sorted(ANSWERS.items())}, file, indent=1)
