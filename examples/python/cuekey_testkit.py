"""测试用：签名、伪造、回环服务器 / for the tests: a signer, a forger, and a server on loopback.

`forge` 的每个结果都与原答复不同，正确的客户端必须拒绝。Each result of `forge` that differs from the genuine answer
must be refused by a right client; the tests prove it.
"""

import base64
import http.server
import json
import os
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import cuekey_verify as cuekey
from cuekey_verify import SIGNATURE_HEADER, TIMESTAMP_HEADER

HERE = Path(__file__).resolve().parent
SDK_TESTS = HERE.parents[1] / "crates" / "sdk" / "tests"
CONTRACT = HERE.parents[2] / "shared" / "contract" / "client-vectors.json"
VECTORS = json.loads((SDK_TESTS / "client-vectors.json").read_text("utf-8"))
NOW = 1_795_248_000
os.environ["no_proxy"] = "127.0.0.1"


def private_key(seed):
    return Ed25519PrivateKey.from_private_bytes(seed)


PROJECT = private_key(bytes.fromhex(VECTORS["response_private_seed_hex"]))
PUBLIC = PROJECT.public_key()
STRANGER = private_key(bytes([8] * 32))
SECRET = "sk_test_python"


def signed(key, nonce, status, timestamp, body):
    """(status, headers, body), as a server with this key would answer."""
    text = cuekey.canonical_response(nonce, status, timestamp, body)
    signature = "v1=" + base64.b64encode(key.sign(text.encode())).decode()
    return status, [(TIMESTAMP_HEADER, str(timestamp)), (SIGNATURE_HEADER, signature)], body


def verdict(code="VALID", action="continue"):
    said = {"valid": code == "VALID", "code": code, "message": "说明", "action": action, "server_time": "2026-11-21T08:00:00Z"}
    if code != "NOT_FOUND":
        said["key"] = {"id": "key_1", "state": "active", "remaining_seconds": 60, "first_use": True}
    return json.dumps(said).encode()


def forge(rng, nonce, now, answer):
    """One altered answer: (what was done, nonce, now, (status, headers, body))."""
    status, headers, body = answer
    timestamp, signature = headers[0][1], headers[1][1]

    def flip(data):
        raw = bytearray(data)
        if raw:
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return bytes(raw)

    def flip_text(text):
        return flip(text.encode("latin-1")).decode("latin-1")

    def respell(text):
        bare, at = text.rstrip("="), rng.randrange(3, 88)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        stray = bare[:-1] + alphabet[alphabet.index(bare[-1]) | rng.randrange(1, 16)] + "=="
        url_safe = text.replace("+", "-").replace("/", "_")
        split = text[:at] + rng.choice([" ", "\n", "=", "\r\n "]) + text[at:]
        return rng.choice([bare, bare + "=", text + "=", text + "\n", " " + text, url_safe, split, stray, text + ", " + text])

    def respell_time(text):
        wide = "".join(chr(ord(c) + 0xFEE0) for c in text)
        return rng.choice(["0" + text, "+" + text, " " + text, text + "\n", text + ".0", "", wide, text[:3] + "_" + text[3:]])

    kind = rng.choice(["body", "cut", "longer", "status", "time", "spell-time", "signature", "case", "version", "spell",
                       "nonce", "old", "future", "stranger", "missing", "twice", "swapped"])
    lines = [list(line) for line in headers]
    if kind == "body":
        body = flip(body)
    elif kind == "cut":
        body = body[: rng.randrange(len(body) + 1)]
    elif kind == "longer":
        body = rng.choice([body + b"\n", b" " + body, body + b"{}", body + b"\0"])
    elif kind == "status":
        status = rng.choice([200, 201, 401, 404, 429, 500, rng.randrange(100, 1000)])
    elif kind == "time":
        lines[0][1] = flip_text(timestamp)
    elif kind == "spell-time":
        lines[0][1] = respell_time(timestamp)
    elif kind == "signature":
        lines[1][1] = flip_text(signature)
    elif kind == "case":
        lines[1][1] = rng.choice([signature.upper(), signature.lower(), signature.swapcase()])
    elif kind == "version":
        lines[1][1] = rng.choice(["", "v2=", "V1=", "v1", "v1:", "v1=v1=", "v11="]) + signature[3:]
    elif kind == "spell":
        lines[1][1] = respell(signature)
    elif kind == "nonce":
        nonce = rng.choice([nonce.swapcase(), nonce + "0", nonce[:-1], "%032x" % rng.getrandbits(128)])
    elif kind in ("old", "future"):
        away = rng.choice([301, 3600, 86400 * rng.randrange(1, 400)])
        now += away if kind == "old" else -away
    elif kind == "stranger":
        lines = signed(STRANGER, nonce, status, int(timestamp), body)[1]
    elif kind == "missing":
        lines = rng.choice([lines[:1], lines[1:], []])
    elif kind == "twice":
        name, value = rng.choice(lines)
        lines.insert(rng.randrange(3), [name.upper(), rng.choice([value, flip_text(value)])])
    elif kind == "swapped":
        lines[0][1], lines[1][1] = signature, timestamp
    return kind, nonce, now, (status, [tuple(line) for line in lines], body)


class Server:
    """在回环上按测试的要求行事 / behaves on loopback as a test says: behave(server, request) -> (status, headers, body)."""

    def __init__(self, behave):
        self.now, self.asked, self.seen = NOW, 0, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.nonce = self.headers["Cuekey-Nonce"]
                outer.asked += 1
                outer.seen.append((self.command, self.path, self.body))
                status, headers, body = behave(outer, self)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in headers):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def sign(self, request, status, body):
        return signed(PROJECT, request.nonce, status, self.now, body)

    def honest(self, request, status=200, body=None):
        """Checks the request in the contract's order, then answers."""
        if request.headers["Cuekey-Key"] != "pk_test":
            return 401, [], b'{"code":"API_KEY_UNKNOWN"}'
        timestamp = int(request.headers["Cuekey-Timestamp"])
        if abs(timestamp - self.now) > 300:
            return self.sign(request, 401, b'{"code":"TIMESTAMP_SKEWED","message":"clock"}')
        text = cuekey.canonical_request(request.command, request.path, timestamp, request.nonce, request.body)
        if request.headers["Cuekey-Signature"] != cuekey.sign_request(SECRET, text):
            return self.sign(request, 401, b'{"code":"SIGNATURE_INVALID"}')
        return self.sign(request, status, verdict() if body is None else body)
