"""One fuzz run as one asker: `run.py --url … --note demo.json --role super_admin --seed 1 --seconds 30 --report FILE`.

Signs in, looks up what the asker can see, and leaves the rest to schemathesis. Ends with its exit code.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LISTS = ["projects", "users", "batches", "keys", "calls", "grants", "applications", "withdrawals", "notifications", "deliveries", "jobs"]


def ask(url, method="GET", token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        if refused.code in (403, 404):
            return None
        raise


def look(base, token):
    """Ids by the part of the API that they belong to."""
    ids = {}
    for name in LISTS:
        page = ask(f"{base}/api/v1/{name}?limit=50", token=token)
        ids[name] = [item["id"] for item in (page or {}).get("items", [])]
        if name == "keys":
            ids["keys.text"] = [item["key"] for item in (page or {}).get("items", [])]
        if name == "users":
            ids["names"] = [item["name"] for item in (page or {}).get("items", [])] or ["agent", "manager"]
    for name in ("logs/operations", "me/sessions"):
        page = ask(f"{base}/api/v1/{name}?limit=50", token=token)
        ids[name] = [item["id"] for item in (page or {}).get("items", []) if not item.get("current")]
    groups = ask(f"{base}/api/v1/settings", token=token) or {"groups": []}
    ids["settings"] = [setting["key"] for group in groups["groups"] for setting in group["settings"]]
    return ids


def sign_in(base, account):
    body = {"name": account["name"], "password": account["password"]}
    return ask(f"{base}/api/v1/session", "POST", body=body)["token"]


def lift_the_limit(base, note):
    """Or the program would be banned after the first seconds."""
    chief = next(one for one in note["accounts"] if one["role"] == "super_admin")
    path = f"{base}/api/v1/projects/{note['project']['id']}"
    ask(path, "PATCH", token=sign_in(base, chief), body={"rate_per_minute": 1_000_000})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--note", required=True, type=Path)
    parser.add_argument("--role", required=True)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--seconds", required=True, type=int)
    parser.add_argument("--report", required=True, type=Path)
    given = parser.parse_args()

    note = json.loads(given.note.read_text())
    account = next((one for one in note["accounts"] if one["role"] == given.role), None)
    token, session, ids = None, "", {}
    if account:
        token = sign_in(given.url, account)
        ids = look(given.url, token)
        sessions = ask(f"{given.url}/api/v1/me/sessions", token=token)["items"]
        session = next(one["id"] for one in sessions if one["current"])
    if given.role == "program":
        lift_the_limit(given.url, note)
    ids.setdefault("keys.text", note["keys"])
    ids.setdefault("names", ["agent", "manager"])
    facts = {"seed": given.seed, "role": given.role, "token": token, "session": session, "project": note["project"], "ids": ids}
    facts["answers"] = str(given.report.with_suffix(".json"))
    tool = [sys.executable, "-m", "schemathesis.cli", "run", f"{given.url}/openapi.json"]
    tool += ["--checks", CHECKS, "--seed", str(given.seed), "--max-time", str(given.seconds), "--no-color"]
    tool += ["--workers", "1", "--continue-on-failure", "--no-shrink", "--warnings", "off", "--request-timeout", "30"]
    tool += ["--generation-database", "none", "--suppress-health-check", "all", "--exclude-path", "/events"]
    # Who asks is the hooks' business.
    tool += ["--generation-with-security-parameters", "false"]
    tool += ["--phases", "examples,coverage,fuzzing,stateful", "--report", "junit", "--report-junit-path", str(given.report)]
    tool += ["--include-path-regex" if given.role == "program" else "--exclude-path-regex", "^/client/"]
    os.environ["CUEKEY_FUZZ"] = json.dumps(facts)
    os.environ["SCHEMATHESIS_HOOKS"] = str(Path(__file__).with_name("hooks.py"))
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.execv(tool[0], tool)


main()
