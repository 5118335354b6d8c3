"""What is on its way between an SDK and us: how it looked, and one byte of it changed, so that whoever gets it must not believe it.

A message has parts: `method`, `target` (path and query), `body`, and its headers by their names in small letters.
"""

from contextlib import contextmanager
from unittest import mock

from requests.adapters import HTTPAdapter

# The parts of the newest request, as its sender meant it.
newest = {}


def flipped(content, at):
    """With the lowest bit of one byte changed; positions go round, since messages differ in length."""
    at %= len(content)
    if isinstance(content, str):
        return content[:at] + chr(ord(content[at]) ^ 1) + content[at + 1 :]
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def remember(method, target, headers, body):
    newest.clear()
    newest.update({name.lower(): value for name, value in headers.items()}, method=method, target=target, body=body)


@contextmanager
def of(change):
    """In here, what SDKs send by `requests` is remembered, and altered: `change` names a part and a position, or is None."""
    send = HTTPAdapter.send

    def altered(self, request, **more):
        base = request.url[: len(request.url) - len(request.path_url)]
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        remember(request.method, request.path_url, {name: text(value) for name, value in request.headers.items()}, body.decode())
        if change:
            part, at = change["part"], change["at"]
            if part == "method":
                request.method = flipped(request.method, at)
            elif part == "target":
                request.url = base + flipped(request.path_url, at)
            elif part == "body":
                request.body = flipped(body, at)
            else:
                request.headers[part] = flipped(text(request.headers[part]), at)
        return send(self, request, **more)

    with mock.patch.object(HTTPAdapter, "send", altered):
        yield


def address(url, change):
    """Where an SDK goes that does not use `requests`, with the change: all that it says is in the query."""
    base, query = url.split("?", 1)
    remember("GET", query, {}, "")
    return base + "?" + (flipped(query, change["at"]) if change else query)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


ACTS = {"newest": lambda ask: newest}
