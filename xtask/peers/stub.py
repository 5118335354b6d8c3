"""A service on the loopback address, whose requests are looked at by an SDK, and whose answers may be signed by one.

There is one in a process. A byte of each request can be changed before the SDK sees it, and a byte of each answer after the SDK has signed it.
"""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import transit


@dataclass
class Request:
    method: str
    # Path and query, as they came.
    target: str
    # By their names in small letters.
    headers: dict
    body: str


class State:
    receive = None
    # Which part, and where; `answer` stands for an answer's body, `answer-NAME` for one of its headers.
    change = None
    # The status and the text of the next answers to what is believed, where the SDK does not make them up itself.
    says = None
    # What the SDKs have read out of requests that they believed.
    taken = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        transit.remember(self.command, self.path, headers, body.decode())
        request = Request(self.command, self.path, headers, body)
        part, at = (State.change["part"], State.change["at"]) if State.change else ("", 0)
        if part in ("method", "target", "body"):
            setattr(request, part, transit.flipped(getattr(request, part), at))
        elif part in headers:
            headers[part] = transit.flipped(headers[part], at)
        request.body = request.body.decode(errors="replace")
        try:
            status, said, answer = State.receive(request)
        except Exception as error:  # No refusal that a test would look for.
            status, said, answer = 500, {}, f"{type(error).__name__}: {error}"
        answer = answer.encode()
        if part == "answer":
            answer = transit.flipped(answer, at)
        for name in said:
            if part == f"answer-{name}":
                said[name] = transit.flipped(said[name], at)
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do

    def log_message(self, *_):
        pass


def serve(receive):
    """Answers where it is reached: host and port. `receive` takes a request and gives a status, headers and a body."""
    State.receive = staticmethod(receive)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "127.0.0.1:%d" % server.server_port


def change(ask):
    State.change = ask["change"]


def say(ask):
    State.says = ask["status"], ask["text"]


ACTS = {"change": change, "say": say, "taken": lambda ask: State.taken}
