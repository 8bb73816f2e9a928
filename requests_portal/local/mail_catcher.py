"""A mail server for one machine: it sends nothing and stores each mail as an .eml file."""

import argparse
import asyncio
import email
import email.policy
import os
import socket
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class MailFolder:
    """Stores what an SMTP client delivers in `folder` as 0001.eml, 0002.eml and so on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        numbers = [int(path.stem) for path in folder.glob("*.eml") if path.stem.isdigit()]
        self._last = max(numbers, default=0)

    # The name is aiosmtpd's.
    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Store one mail under its final name only when it is complete; print where it lies."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        self._last += 1
        path = self.folder / f"{self._last:04}.eml"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(raw)
        unfinished.rename(path)
        subject = email.message_from_bytes(raw, policy=email.policy.default)["Subject"]
        print(f"{path}: {subject}", flush=True)
        return "250 Stored"


async def serve(folder: Path, listener: socket.socket) -> None:
    """Take mails on a socket that listens until cancelled."""
    handler = MailFolder(folder)
    server = await asyncio.get_running_loop().create_server(
        # With a name: it would look for one of the machine's for each connection.
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True),
        sock=listener,
    )
    async with server:
        await server.serve_forever()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int)
    where.add_argument("--inherited", action="store_true", help="the socket in LISTEN_FD")
    arguments = parser.parse_args()
    os.umask(0o077)
    listener = (
        socket.socket(fileno=int(os.environ["LISTEN_FD"]))
        if arguments.inherited
        else socket.create_server(("127.0.0.1", arguments.port))
    )
    asyncio.run(serve(arguments.folder, listener))


if __name__ == "__main__":
    main()
