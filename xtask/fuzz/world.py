"""What there is to be asked about, once for each server: `world.py --url … --note demo.json --world FILE`.

A demo has halls and keys, and nobody has played or paid there yet. So two customers sign in by a code to their phones, get money, play,
complain, pay at the stand-in of WeChat's, ask for it back, and share a bill; a maintainer is made who works in the hall; a program verifies a key.
Everybody is signed in here, before anybody asks wrongly often: who comes from an address that does is asked for more.
"""

import argparse
import json
import re
import urllib.parse
import urllib.request
from pathlib import Path

from door import ask, signed, until

MAINTAINER = "fixer"
PASSWORD = "seven-lamps-burn-dimly"


def letter(base, to):
    """The newest one that came to this address, or to this phone."""

    def look():
        page = ask(f"{base}/api/v1/mailbox?limit=50")
        return next((mail["text"] for mail in page["items"] if mail["to"] == to), None)

    return until(f"a letter to {to}", look)


def sign_in(base, name, password):
    return ask(f"{base}/api/v1/session", "POST", body={"name": name, "password": password})["token"]


def maintainer(base, chief, hall, venue):
    """As an admin makes one: the first password comes by mail and is changed."""
    address = f"{MAINTAINER}@demo.example"
    form = {"name": MAINTAINER, "email": address, "role": "maintainer", "initial_quota": 0}
    ask(f"{base}/api/v1/users", "POST", chief, form)
    first = re.search(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){4}\b", letter(base, address)).group()
    token = sign_in(base, MAINTAINER, first)
    ask(f"{base}/api/v1/me/password", "POST", token, {"current": first, "password": PASSWORD})
    ask(f"{base}/api/v1/venues/{venue}/staff", "POST", hall, {"name": MAINTAINER})
    return sign_in(base, MAINTAINER, PASSWORD)


def customer(base, hall, venue, phone):
    """Somebody with 500 yuan; what the phone is told, and who that is."""
    ticket = ask(f"{base}/customer/v1/phone-codes", "POST", body={"phone": phone})["ticket"]
    code = re.search(r"\d{6}", letter(base, phone)).group()
    who = ask(f"{base}/customer/v1/sign-in", "POST", body={"ticket": ticket, "phone": phone, "code": code})
    cash = {"venue_id": venue, "number": who["customer"]["number"], "amount_fen": 50_000}
    ask(f"{base}/api/v1/customers/recharge", "POST", hall, cash)
    return who["token"], who["customer"]["number"]


def play(base, token, table):
    """A session that is lit."""
    quotes = ask(f"{base}/customer/v1/tables/{table}", token=token)["quotes"]
    hour = next((quote for quote in quotes if quote["minutes"] == 60), quotes[0])
    asked = {"minutes": hour["minutes"], "expected_fen": hour["price_fen"]}
    session = ask(f"{base}/customer/v1/tables/{table}/open", "POST", token, asked)["id"]

    def look():
        now = ask(f"{base}/customer/v1/sessions/{session}", token=token)
        return now if now["state"] == "playing" else None

    return until(f"the light of {table}", look)


def paid_order(base, token):
    """Money for the wallet, paid on the stand-in's page."""
    asked = {"method": "native", "recharge": {"amount_fen": 5_000}}
    order = ask(f"{base}/customer/v1/orders", "POST", token, asked)
    page = urllib.parse.urlsplit(order["next"]["content"])
    form = {"prepay_id": urllib.parse.parse_qs(page.query)["prepay_id"][0], "do": "pay"}
    with urllib.request.urlopen(f"{base}{page.path}", urllib.parse.urlencode(form).encode(), timeout=30):
        pass

    def look():
        return ask(f"{base}/customer/v1/orders/{order['id']}", token=token)["state"] != order["state"]

    until("a payment", look)
    ask(f"{base}/customer/v1/refunds", "POST", token, {"amount_fen": 1_000})
    return order["id"]


def verified(base, project, key):
    """A call in the log."""
    target, body = "/client/v1/keys/verify", json.dumps({"key": key, "device": {"id": "fuzz"}}).encode()
    ask(base + target, "POST", body=body, headers=signed(project, "POST", target, body))


def delivery(base, chief, project):
    """A callback that nobody takes."""
    path = f"{base}/api/v1/projects/{project['id']}/callback"
    ask(path, "PUT", chief, {"url": f"{base}/nobody", "events": ["key.verified"]})
    ask(f"{path}/test", "POST", chief)


def make(base, note):
    tokens = {one["role"]: sign_in(base, one["name"], one["password"]) for one in note["accounts"]}
    chief, hall, project = tokens["super_admin"], tokens["venue_manager"], note["project"]
    # Or the program would be banned after the first seconds.
    ask(f"{base}/api/v1/projects/{project['id']}", "PATCH", chief, {"rate_per_minute": 1_000_000})
    delivery(base, chief, project)
    verified(base, project, note["keys"][-1])
    venue = ask(f"{base}/api/v1/venues", token=hall)["items"][0]["id"]
    tokens["maintainer"] = maintainer(base, chief, hall, venue)

    def idle():
        tables = ask(f"{base}/api/v1/venues/{venue}/floor", token=hall)["tables"]
        tables = [table["id"] for table in tables if table["state"] == "idle"]
        return tables if len(tables) >= 4 else None

    tables = until("tables whose lamps are there", idle)
    tokens["customer"], number = customer(base, hall, venue, "13800138000")
    friend, _ = customer(base, hall, venue, "13900139000")
    tokens["guest"] = ask(f"{base}/customer/v1/guests", "POST", body={})["token"]

    over = play(base, tokens["customer"], tables[0])
    ask(f"{base}/customer/v1/sessions/{over['id']}/close", "POST", tokens["customer"], {})
    on = play(base, tokens["customer"], tables[1])
    shared = play(base, friend, tables[2])
    asked = {"people": 2, "expected_fen": shared["held_fen"]}
    split = ask(f"{base}/customer/v1/sessions/{shared['id']}/split", "POST", friend, asked)
    code = split["link"].split("split=")[-1]
    ask(f"{base}/customer/v1/split-codes/{code}/join", "POST", tokens["customer"], {})
    for kind in ("price", "light"):
        asked = {"matter": "complaint", "kind": kind, "text": "请看一下", "session_id": over["id"]}
        ask(f"{base}/customer/v1/complaints", "POST", tokens["customer"], asked)
    return {
        "tokens": tokens,
        "project": project,
        "keys": note["keys"],
        "number": number,
        "hour_fen": on["held_fen"],
        # What no list tells its owner.
        "orders": [paid_order(base, tokens["customer"])],
        "splits": [split["id"]],
        "split-codes": [code],
        "codes": [lamp["code"] for lamp in note["hall"]["lamps"]],
        "live": [on["id"]],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--note", required=True, type=Path)
    parser.add_argument("--world", required=True, type=Path)
    given = parser.parse_args()
    world = make(given.url, json.loads(given.note.read_text(encoding="utf-8")))
    given.world.write_text(json.dumps(world), encoding="utf-8")


if __name__ == "__main__":
    main()
