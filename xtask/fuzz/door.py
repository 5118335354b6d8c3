"""How the program is asked: JSON over HTTP, signed where programs sign. What is not as it should be ends the run, and says what came."""

import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


def ask(url, method="GET", token=None, body=None, headers=None):
    """What is answered, as JSON; nothing where nothing is said."""
    headers = {"Content-Type": "application/json", **(headers or {})}
    if token:
        headers["Authorization"] = "Bearer " + token
    if method == "POST":
        headers["Idempotency-Key"] = secrets.token_hex(8)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as refused:
        raise Refused(refused.code, f"{method} {url}: {refused.read().decode(errors='replace')}") from None
    return json.loads(text) if text else None


def perhaps(url, token):
    """The same; nothing for whoever may not see it."""
    try:
        return ask(url, token=token)
    except Refused as refused:
        if refused.status in (401, 403, 404):
            return None
        raise


def until(what, look, seconds=60):
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"error: {what}: not within {seconds} s")


def signed(project, method, target, body):
    """The headers of a program's request."""
    stamp, nonce = str(int(time.time())), secrets.token_urlsafe(18)
    text = "\n".join(["cuekey-request-v1", method, target, stamp, nonce, hashlib.sha256(body).hexdigest()])
    mac = hmac.new(project["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    return {
        "Cuekey-Key": project["api_key"],
        "Cuekey-Timestamp": stamp,
        "Cuekey-Nonce": nonce,
        "Cuekey-Signature": "v1=" + mac,
    }
