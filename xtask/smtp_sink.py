"""A mail server for tests: takes mail for anybody, on the loopback address, and stores each message as one file.

A file is the message as it arrived, after lines X-MailFrom, X-RcptTo (one address after the other, with commas) and, for a
sender that signed in, X-User. A name in the mailbox is the name of a whole message: it is written elsewhere and renamed.

Controls, by what a test sends:
  a recipient  refuse@…  is refused for good (550)
  a recipient  later@…   is refused for now (451)
  a password   wrong     is refused (535); any other name and password may sign in, and nobody has to

With --tls and a certificate it speaks TLS, from the first byte (tls) or once it was asked to (starttls), and takes no mail without.
"""

import argparse
import asyncio
import itertools
import os
import signal
import ssl
import tempfile
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Sink:
    def __init__(self, mailbox: Path) -> None:
        self.mailbox = mailbox
        self.numbers = itertools.count(1)

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        local = address.lower()
        if local.startswith("refuse@"):
            return "550 5.1.1 no such user here"
        if local.startswith("later@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        head = [("X-MailFrom", envelope.mail_from or ""), ("X-RcptTo", ", ".join(envelope.rcpt_tos))]
        if session.authenticated:
            head.append(("X-User", session.auth_data.login.decode("utf-8", "replace")))
        text = "".join(f"{name}: {value}\r\n" for name, value in head).encode("utf-8")
        number = next(self.numbers)
        write_whole(self.mailbox / f"{number:06}.eml", text + envelope.original_content)
        return f"250 2.0.0 stored as {number:06}"


def write_whole(path: Path, content: bytes) -> None:
    """Whoever sees the name sees all of the content. The draft lies beside the mailbox, where nobody lists it."""
    handle, draft = tempfile.mkstemp(dir=path.parent.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(draft, 0o644)
    os.rename(draft, path)


def authenticate(server, session, envelope, mechanism, auth_data):
    if isinstance(auth_data, LoginPassword) and auth_data.password != b"wrong":
        return AuthResult(success=True, auth_data=auth_data)
    return AuthResult(success=False, handled=False)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mailbox", type=Path, required=True)
    parser.add_argument("--address-file", type=Path, required=True)
    parser.add_argument("--tls", choices=["starttls", "tls"])
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    arguments = parser.parse_args()

    sink = Sink(arguments.mailbox.resolve())
    context = None
    if arguments.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)
    asked = arguments.tls == "starttls"

    def protocol() -> SMTP:
        return SMTP(
            sink,
            hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=32 * 1024 * 1024,
            authenticator=authenticate,
            auth_require_tls=False,
            tls_context=context if asked else None,
            require_starttls=asked,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=None if asked else context)
    host, port = server.sockets[0].getsockname()
    write_whole(arguments.address_file.resolve(), f"{host}:{port}".encode())

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
