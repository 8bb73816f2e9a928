"""The mail server of one machine stores and never sends."""

import os
import smtplib
import socket
import subprocess
import sys

from requests_portal.local.folders import PROJECT
from requests_portal.local.sockets import free_port
from tests.stack import eventually

SERVE = (
    "import sys; sys.argv[0] = 'mail'; from requests_portal.local.mail_catcher import main; main()"
)


def send(port: int, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail(
            "privacy@example.org",
            ["li@example.cn"],
            f"Subject: {subject}\nTo: li@example.cn\n\n你好\n".encode(),
        )


def listens(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port).close()
    except OSError:
        return False
    return True


def test_each_mail_is_a_file_that_only_we_can_read_and_numbers_go_on(folder, python):
    (folder / "0041.eml").write_text("Subject: of the last run\n\n")
    port = free_port()
    server = python(SERVE, f"--port={port}", f"--folder={folder}")
    eventually(lambda: listens(port), "the mail server listens")
    send(port, "First")
    send(port, "Second")
    assert [path.name for path in sorted(folder.iterdir())] == ["0041.eml", "0042.eml", "0043.eml"]
    stored = folder / "0042.eml"
    assert "你好" in stored.read_text(encoding="utf-8")
    assert stored.stat().st_mode & 0o077 == 0
    assert server.stdout.readline() == f"{stored}: First\n"


def test_it_takes_mails_on_a_socket_that_was_handed_to_it(folder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVE, "--inherited", f"--folder={folder}"],
            cwd=PROJECT,
            env={**os.environ, "LISTEN_FD": str(listener.fileno())},
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
        )
        try:
            send(listener.getsockname()[1], "First")
        finally:
            server.terminate()
            server.wait()
    assert [path.name for path in folder.iterdir()] == ["0001.eml"]


def test_the_sink_of_the_tests_takes_djangos_mail(smtp_sink):
    from django.core.mail import send_mail

    send_mail("Receipt", "Body", "privacy@example.org", ["li@example.cn"])
    assert [message["Subject"] for message in smtp_sink.messages] == ["Receipt"]
