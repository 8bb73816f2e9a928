#!/usr/bin/env python3
"""A witness of a transparency log, with nothing but Python 3.8 or later.

    python3 witness.py --new-key NAME --key FILE
    python3 witness.py --log-vkey VKEY --key FILE --state FILE [--host HOST] [--port PORT]

The first line makes the witness's key and prints its vkey, which goes to the log and to those who
verify. The second serves `POST /add-checkpoint` of c2sp.org/tlog-witness: it countersigns each
checkpoint of the log that continues the last one it has seen, and nothing else. What it has seen
is on disk before it answers, so that neither a crash nor a power cut makes it sign two histories.
Keep the state file: whoever restores an old one has a witness that can be deceived.

Put a web server with TLS in front of it where others than this machine may reach it. Signing here
does not take constant time; the key is worth no more than this witness.
"""
# It runs on Python 3.8, prints, and has the numbers of the formats where they are used:
# ruff: noqa: PLR2004, TRY301, PTH100, PTH105, PTH110, PTH120, PTH123, SIM115, T201, UP006, UP035

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import json
import os
import re
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Dict, List, NamedTuple, Sequence, Tuple

LONGEST_BODY = 100_000
LONGEST_PROOF = 63
# Seconds that a client may take for its request.
PATIENCE = 10

# --- Ed25519 (RFC 8032, section 5.1) -----------------------------------------------------------
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = Tuple[int, int, int, int]


def recover_x(y: int, sign: int) -> int | None:
    """Return the x of a point from its y and the lowest bit of x; None when there is none."""
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def add_points(a: Point, b: Point) -> Point:
    """Add two points in extended coordinates."""
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    """Multiply a point by a number."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        scalar >>= 1
    return result


def decode_point(data: bytes) -> Point | None:
    """Read a point from its 32 bytes; None when they are none."""
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    x = recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def encode_point(point: Point) -> bytes:
    """Write a point as its 32 bytes."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature of 64 bytes over a message holds."""
    a, r = decode_point(public), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or len(signature) != 64:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    left, right = multiply(s, BASE), add_points(r, multiply(k % ORDER, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def expand(seed: bytes) -> Tuple[int, bytes]:
    """Return the secret number of a seed of 32 bytes, and the prefix of its nonces."""
    digest = hashlib.sha512(seed).digest()
    number = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    return number, digest[32:]


def public_key(seed: bytes) -> bytes:
    """Return the public key of a seed."""
    return encode_point(multiply(expand(seed)[0], BASE))


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """Return the signature of 64 bytes over a message."""
    number, prefix = expand(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    r = encode_point(multiply(nonce, BASE))
    k = int.from_bytes(hashlib.sha512(r + public_key(seed) + message).digest(), "little")
    return r + ((nonce + k * number) % ORDER).to_bytes(32, "little")


# --- Keys, checkpoints, consistency ------------------------------------------------------------
class Key(NamedTuple):
    """A public key: its name, its id of 4 bytes, its 32 bytes."""

    name: str
    id: bytes
    public: bytes


class Refused(Exception):
    """An answer other than 200: status and text."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


def unbase64(text: str) -> bytes:
    """Read base64 in its one proper spelling. Raises ValueError."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("This is not base64 in its proper spelling.")
    return data


def make_key(name: str, kind: int, public: bytes) -> Key:
    """Return a key with its id; `kind` is 1 for a log and 4 for a witness."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise ValueError("The name of a key is not empty and holds no space and no plus sign.")
    digest = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()
    return Key(name, digest[:4], public)


def vkey(key: Key, kind: int) -> str:
    """Return a public key as text: NAME+ID+BASE64."""
    return f"{key.name}+{key.id.hex()}+{base64.b64encode(bytes([kind]) + key.public).decode()}"


def read_log_key(text: str) -> Key:
    """Read the vkey of a log. Raises ValueError."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if len(data) != 33 or data[0] != 1:
        raise ValueError("The vkey of a log holds an Ed25519 key.")
    key = make_key(name, 1, data[1:])
    if key.id.hex() != identity:
        raise ValueError("The id of the vkey does not belong to its key.")
    return key


def read_log_keys(texts: Sequence[str]) -> List[Key]:
    """Read the vkeys of logs. Raises ValueError, also for two of one name: only it tells them."""
    keys = [read_log_key(text) for text in texts]
    names = [key.name for key in keys]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Two --log-vkey are of the name {name}; each log needs its own.")
    return keys


def number(text: str) -> int:
    """Read a size: decimal digits without leading zeros. Raises ValueError."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text):
        raise ValueError("A size is plain decimal.")
    return int(text)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two halves."""
    return hashlib.sha256(b"\1" + left + right).digest()


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: List[bytes]) -> bool:
    """Tell whether a proof shows that the larger tree continues the smaller (RFC 9162, 2.1.4.2)."""
    if old in (0, new):
        return not proof and (old == 0 or old_root == new_root)
    path = ([old_root] if old & (old - 1) == 0 else []) + proof
    if not path:
        return False
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            first, second = node_hash(other, first), node_hash(other, second)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            second = node_hash(second, other)
        index, last = index >> 1, last >> 1
    return (first, second, last) == (old_root, new_root, 0)


# --- The witness -------------------------------------------------------------------------------
class Witness:
    """Countersigns what continues the last checkpoint that it has seen of each log."""

    def __init__(self, name: str, seed: bytes, logs: Sequence[Key], state: str) -> None:
        self.key = make_key(name, 4, public_key(seed))
        self.seed = seed
        self.logs = {log.name: log for log in logs}
        self.path = state
        self.turn = threading.Lock()
        self.seen: Dict[str, Tuple[int, bytes]] = {}
        if os.path.exists(state):
            with open(state, encoding="utf-8") as file:
                for origin, (size, root) in json.load(file).items():
                    self.seen[origin] = (number(str(size)), bytes.fromhex(root))

    def add_checkpoint(self, body: str) -> str:
        """Return the signature line for an `add-checkpoint` body. Raises Refused."""
        try:
            head, found, note = body.partition("\n\n")
            first, *lines = head.split("\n")
            if not found or not first.startswith("old ") or len(lines) > LONGEST_PROOF:
                raise ValueError("An add-checkpoint body begins with its old size.")
            old, proof = number(first[4:]), [unbase64(line) for line in lines]
            text, found, tail = note.rpartition("\n\n")
            text += "\n"
            origin, size_line, root_line = text.split("\n")[:3]
            size, root = number(size_line), unbase64(root_line)
            if not found or not tail.endswith("\n") or {len(h) for h in [root, *proof]} != {32}:
                raise ValueError("This is not a signed checkpoint.")
            signatures = [line.split(" ") for line in tail[:-1].split("\n")]
            made = {(name, unbase64(data)) for _, name, data in signatures}
        except ValueError as error:
            raise Refused(400, f"The request is malformed: {error}\n") from error
        log = self.logs.get(origin)
        if log is None:
            raise Refused(404, "This witness does not know that log.\n")
        ours = [data[4:] for name, data in made if (name, data[:4]) == (log.name, log.id)]
        if not ours or not all(ed25519_holds(log.public, text.encode(), each) for each in ours):
            raise Refused(403, "The checkpoint is not signed by the log.\n")
        if old > size:
            raise Refused(400, "The old size is beyond the checkpoint.\n")
        with self.turn:
            seen_size, seen_root = self.seen.get(origin, (0, b""))
            if old != seen_size or (old == size and seen_root and seen_root != root):
                raise Refused(409, f"{seen_size}\n")
            if not consistent(old, size, seen_root or root, root, proof):
                raise Refused(422, "The proof does not show that the log continues.\n")
            self.persist({**self.seen, origin: (size, root)})
        return self.cosign(text)

    def persist(self, seen: Dict[str, Tuple[int, bytes]]) -> None:
        """Put on disk what has been seen, whole or not at all, before anybody is told."""
        temporary = self.path + ".new"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump({origin: [size, root.hex()] for origin, (size, root) in seen.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
        folder = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.seen = seen

    def cosign(self, text: str) -> str:
        """Return the signature line over a checkpoint's text, with the time of now."""
        now = int(time.time())
        signature = ed25519_sign(self.seed, f"cosignature/v1\ntime {now}\n{text}".encode())
        data = base64.b64encode(self.key.id + now.to_bytes(8, "big") + signature).decode()
        return f"\u2014 {self.key.name} {data}\n"


def handler_for(witness: Witness) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests for a witness."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_POST(self) -> None:
            """Answer `add-checkpoint`, at whatever prefix a web server in front leaves."""
            kind = "text/plain; charset=utf-8"
            try:
                status, answer = 200, witness.add_checkpoint(self.read_body())
            except Refused as refused:
                status, answer = refused.status, refused.text
                kind = "text/x.tlog.size" if status == 409 else kind
            data = answer.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so the base has it
            """Log text only: before 3.8.16, Python hands on what a terminal obeys."""
            text = f"{self.address_string()} [{self.log_date_time_string()}] {format % args}"
            plain = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
            print("".join(plain), file=sys.stderr)

        def read_body(self) -> str:
            """Return the text of the request. Raises Refused."""
            if not self.path.endswith("/add-checkpoint"):
                raise Refused(404, "Only add-checkpoint is served here.\n")
            length = self.headers.get("Content-Length") or ""
            if not re.fullmatch("[0-9]{1,6}", length) or int(length) > LONGEST_BODY:
                raise Refused(400, "The request has no length, or is too long.\n")
            try:
                return self.rfile.read(int(length)).decode("utf-8")
            except ValueError:
                raise Refused(400, "The request is not text.\n") from None

    return Handler


def take_alone(state: str) -> IO[str]:
    """Lock the state file's neighbour, so that two witnesses never share a state."""
    lock = open(state + ".lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"Another witness uses {state}.")
    return lock


def new_key(name: str, path: str) -> Key:
    """Write a new key into a file that only its owner can read; refuse to replace one."""
    seed = secrets.token_bytes(32)
    key = make_key(name, 4, public_key(seed))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{name} {base64.b64encode(seed).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def main() -> None:
    """Make a key, or serve."""
    parser = argparse.ArgumentParser(description="A witness of a transparency log.")
    parser.add_argument("--new-key", metavar="NAME", help="make a key of this name and end")
    parser.add_argument("--key", required=True, metavar="FILE", help="the witness's secret key")
    parser.add_argument("--log-vkey", action="append", default=[], metavar="VKEY")
    parser.add_argument("--state", metavar="FILE", help="what the witness has seen")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7380, help="0 for any")
    chosen = parser.parse_args()
    try:
        if chosen.new_key:
            print(vkey(new_key(chosen.new_key, chosen.key), 4))
            return
        if not chosen.log_vkey or not chosen.state:
            parser.error("--log-vkey and --state are needed")
        with open(chosen.key, encoding="utf-8") as file:
            name, seed = file.read().split()
        lock = take_alone(chosen.state)
        logs = read_log_keys(chosen.log_vkey)
        witness = Witness(name, unbase64(seed), logs, chosen.state)
    except (OSError, ValueError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    server = ThreadingHTTPServer((chosen.host, chosen.port), handler_for(witness))
    print(f"{vkey(witness.key, 4)} http://{chosen.host}:{server.server_port}", flush=True)
    with lock:
        server.serve_forever()


if __name__ == "__main__":
    main()
