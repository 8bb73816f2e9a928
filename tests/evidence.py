"""What others say of the log, for real: a witness, and a timestamping authority.

The witness is `witness.py` as a process of its own; the authority answers with `openssl ts`. Both
are asked over HTTP on this machine.
"""

import http.server
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "workflows" / "exports" / "verifier" / "witness.py"
# Dies in the moment between what it has put on disk and its answer.
DIES_BEFORE_ANSWERING = """
import os, runpy, sys
sys.argv = sys.argv[1:]
names = runpy.run_path(sys.argv[0], run_name="witness")
persist = names["Witness"].persist
names["Witness"].persist = lambda self, seen: (persist(self, seen), os._exit(9))
names["main"]()
"""

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Timestamps of the tests
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class RunningWitness:
    """A witness with its files in `folder`; `start` again after `stop`, on the same state."""

    folder: Path
    log_vkey: str
    name: str = "witness.example.net/w1"
    vkey: str = ""
    url: str = ""
    process: subprocess.Popen | None = None
    before: list[str] = field(default_factory=list)

    def make_key(self):
        """Make the key, as a regulator does."""
        done = subprocess.run(
            [sys.executable, "-I", PROGRAM, "--new-key", self.name, "--key", self.folder / "key"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.vkey = done.stdout.strip()

    def start(self, wrapper=()):
        """Start the process and return when it serves."""
        command = [
            sys.executable,
            "-I",
            *wrapper,
            PROGRAM,
            "--log-vkey",
            self.log_vkey,
            "--key",
            self.folder / "key",
            "--state",
            self.folder / "state",
            "--port",
            "0",
        ]
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        vkey, self.url = self.process.stdout.readline().split()
        assert vkey == self.vkey

    def start_one_that_dies(self):
        """Start a witness that dies between putting a checkpoint on disk and answering."""
        self.start(["-c", DIES_BEFORE_ANSWERING])

    def stop(self):
        """`kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


@pytest.fixture
def witness(tmp_path):
    from workflows.ledger.keys import log_vkey

    running = RunningWitness(tmp_path, log_vkey())
    running.make_key()
    running.start()
    yield running
    running.stop()


# --- A timestamping authority -----------------------------------------------------------------------
def openssl(*arguments, **options):
    return subprocess.run(
        ["openssl", *map(str, arguments)], check=True, capture_output=True, **options
    ).stdout


class Authority:
    """Answers timestamp queries with `openssl ts`."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "conf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self._certificate("ca", "-x509", "-extensions", "ca")
        self._certificate(
            "signer", "-x509", "-extensions", "signer", "-CA", "ca.pem", "-CAkey", "ca.key"
        )

    def _certificate(self, name, *options):
        openssl(
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", "conf", "-days", "2",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", *options, cwd=self.folder,
        )  # fmt: skip

    def answer(self, query):
        (self.folder / "query").write_bytes(query)
        return openssl("ts", "-reply", "-config", "conf", "-queryfile", "query", cwd=self.folder)


@pytest.fixture
def authority(tmp_path, settings):
    played = Authority(tmp_path)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            answer = played.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.TIMESTAMP_AUTHORITY = f"http://127.0.0.1:{server.server_port}/tsa"
        settings.TIMESTAMP_CERTIFICATES = str(tmp_path / "ca.pem")
        yield played
        server.shutdown()
        thread.join()
