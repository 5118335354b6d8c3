"""One fuzz run as one asker: `run.py --url … --world FILE --asker super_admin --paths REGEX --seed 1 --seconds 30 --report FILE`.

Looks up what the asker can see, and leaves the rest to schemathesis. Ends with its exit code.
"""

import argparse
import json
import os
import re
import sys
import urllib.request
from pathlib import Path

from door import ask, perhaps

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# By the part of the API that their ids belong to.
LISTS = [
    "applications", "batches", "calls", "complaints", "deliveries", "grants", "jobs", "keys", "logs/operations", "notifications",
    "payments/orders", "payments/refunds", "projects", "users", "withdrawals",
]
MINE = ["complaints", "sessions"]
EVENTS = "GET /events"


def of_console(base, token):
    """Ids by the part of the API that they belong to, as a user of the console finds them."""
    api, ids = f"{base}/api/v1", {}
    for name in LISTS:
        page = perhaps(f"{api}/{name}?limit=50", token) or {}
        ids[name] = [item["id"] for item in page.get("items", [])]
        if name == "keys":
            ids["keys.text"] = [item["key"] for item in page.get("items", [])]
        if name == "users":
            ids["names"] = [item["name"] for item in page.get("items", [])]
    sessions = (perhaps(f"{api}/me/sessions", token) or {}).get("items", [])
    ids["me/sessions"] = [item["id"] for item in sessions if not item["current"]]
    groups = perhaps(f"{api}/settings", token) or {"groups": []}
    ids["settings"] = [setting["key"] for group in groups["groups"] for setting in group["settings"]]
    days = perhaps(f"{api}/payments/reconciliation", token) or {"differences": []}
    ids["payments/differences"] = [item["id"] for item in days["differences"]]
    ids["payments/channels"] = ["wechat", "alipay", "alipay_freeze"]
    ids["venues"] = [item["id"] for item in (perhaps(f"{api}/venues", token) or {"items": []})["items"]]
    for venue in ids["venues"]:
        tables = (perhaps(f"{api}/venues/{venue}/floor", token) or {"tables": []})["tables"]
        ids.setdefault("tables", []).extend(table["id"] for table in tables)
        ids.setdefault("devices", []).extend(table["device"]["id"] for table in tables if table.get("device"))
        lists = (perhaps(f"{api}/venues/{venue}/price-lists", token) or {"items": []})["items"]
        ids.setdefault("price-lists", []).extend(one["id"] for one in lists)
        staff = (perhaps(f"{api}/venues/{venue}/staff", token) or {"items": []})["items"]
        ids.setdefault("staff", []).extend(member["user"]["id"] for member in staff)
    current = next((item["id"] for item in sessions if item["current"]), "")
    return ids, current


def of_customers(base, token):
    """The same, as a customer or a passer-by does."""
    door, ids = f"{base}/customer/v1", {}
    ids["venues"] = [item["id"] for item in ask(f"{door}/venues", token=token)["items"]]
    for venue in ids["venues"]:
        tables = ask(f"{door}/venues/{venue}", token=token)["tables"]
        ids.setdefault("tables", []).extend(table["id"] for table in tables)
    for name in MINE if token else []:
        page = perhaps(f"{door}/{name}?limit=50", token) or {}
        ids[name] = [item["id"] for item in page.get("items", [])]
    return ids


def spare(ids):
    """The last table alone is given up for good: without tables nothing else would be tried."""
    tables = ids.get("tables", [])
    ids["tables.spare"], ids["tables"] = tables[-1:], tables[:-1] or tables


def events(base, token):
    """Never ends, so it is not schemathesis's to ask: that it begins as the document says is looked at here."""
    request = urllib.request.Request(f"{base}/events", headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=30) as answer:
        kind = answer.headers.get_content_type()
        if (answer.status, kind) != (200, "text/event-stream"):
            raise SystemExit(f"error: {EVENTS} answers {answer.status} {kind}")
    return {EVENTS: {"200": 1}}


def operations(base, paths):
    """All that the document says and this asker is to ask."""
    document = ask(f"{base}/openapi.json")
    methods = ("get", "post", "put", "patch", "delete")
    return [
        f"{method.upper()} {path}" for path, item in document["paths"].items() if re.search(paths, path) for method in methods if method in item
    ]


def facts_of(given, world):
    base, token = given.url, world["tokens"].get(given.asker)
    at_console = token and given.asker not in ("customer", "guest")
    ids, session = of_console(base, token) if at_console else (of_customers(base, token), "")
    spare(ids)
    for kind in ("orders", "splits", "split-codes", "codes", "live"):
        ids.setdefault(kind, world[kind])
    ids.update(number=[world["number"]], hour_fen=[world["hour_fen"]])
    ids["keys.text"] = ids.get("keys.text") or world["keys"]
    ids["names"] = ids.get("names") or ["agent", "manager"]
    return {
        "seed": given.seed,
        "asker": given.asker,
        "token": token,
        "session": session,
        "project": world["project"],
        "ids": ids,
        "operations": operations(base, given.paths),
        "answered": events(base, token) if at_console else {},
        "answers": str(given.report.with_suffix(".json")),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--world", required=True, type=Path)
    parser.add_argument("--asker", required=True)
    parser.add_argument("--paths", required=True)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--seconds", required=True, type=int)
    parser.add_argument("--report", required=True, type=Path)
    given = parser.parse_args()

    facts = facts_of(given, json.loads(given.world.read_text(encoding="utf-8")))
    tool = [sys.executable, "-m", "schemathesis.cli", "run", f"{given.url}/openapi.json"]
    # A time for the whole run: schemathesis gives each operation its share of it, and each one call at least.
    tool += ["--checks", CHECKS, "--seed", str(given.seed), "--max-time", str(given.seconds), "--no-color"]
    tool += ["--workers", "1", "--continue-on-failure", "--no-shrink", "--warnings", "off", "--request-timeout", "30"]
    tool += ["--generation-database", "none", "--suppress-health-check", "all", "--include-path-regex", given.paths]
    # Who asks is the hooks' business.
    tool += ["--generation-with-security-parameters", "false"]
    tool += ["--phases", "examples,coverage,fuzzing,stateful", "--report", "junit", "--report-junit-path", str(given.report)]
    told = given.report.with_suffix(".facts.json")
    told.write_text(json.dumps(facts), encoding="utf-8")
    os.environ["CUEKEY_FUZZ"] = str(told)
    os.environ["SCHEMATHESIS_HOOKS"] = str(Path(__file__).with_name("hooks.py"))
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.execv(tool[0], tool)


main()
