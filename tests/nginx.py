"""Debian's nginx with the configuration of docker-compose.yml."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT
from requests_portal.local.sockets import free_port
from tests.stack import eventually

CONFIGURATION = PROJECT / "requests_portal" / "local" / "nginx.conf"
NO_NGINX = "TESTS OF THE PROXY LEFT OUT: no nginx here (Debian: apt-get install nginx)"


def find_nginx() -> str | None:
    """Return the path of the server, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def nginx(folder: Path, web_port: int) -> Iterator[int]:
    """Run the proxy before the web on `web_port`, and give its port; in CI it must be there.

    The file is the committed one; only the addresses and the folder differ.
    """
    program = find_nginx()
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_NGINX)
    assert program
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for committed, here in (
        ("http://web:8000", f"http://127.0.0.1:{web_port}"),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("/tmp/nginx", str(folder / "nginx")),
    ):
        assert committed in text
        text = text.replace(committed, here)
    # Started by root it would give its folders to somebody who may not enter ours.
    user = "user root;\n" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(user + text, encoding="utf-8")
    log = (folder / "nginx.log").open("ab")
    server = subprocess.Popen(
        [program, "-p", folder, "-c", settings, "-g", "daemon off;"], stdout=log, stderr=log
    )

    def listens() -> bool:
        assert server.poll() is None, (folder / "nginx.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    try:
        eventually(listens, "the proxy listens")
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()
