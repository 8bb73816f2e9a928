#!/usr/bin/env python3
"""Verifies an export of a Requests Portal, offline, with nothing but Python 3.8 or later.

    python3 verify.py [FOLDER_OR_ZIP] [--vkey VKEY_OR_FILE] [--previous CHECKPOINT_FILE]
                      [--witness VKEY_OR_FILE ...]
                      [--receipt RECEIPT_FILE ... --receipt-vkey VKEY_OR_FILE]

Prints OK, what was verified and what cannot be verified here; or FAULT and the first fault, and
exits with 1; with 2 where what you typed names nothing. Do not trust this file because it came with
an export: it is short enough to be read, and README.txt names other ways. Formats: RFC 6962
(hashes), RFC 8032 (Ed25519), RFC 8785 (JSON), c2sp.org/signed-note, tlog-checkpoint, tlog-tiles,
tlog-proof, tlog-witness.

It is one file on purpose, so that it can be handed on and read from top to bottom, and it shares
no code with the portal, so that a mistake there is not repeated here.
"""
# It runs on Python 3.8, prints, and has the numbers of the formats where they are used:
# ruff: noqa: B905, PLR2004, PTH100, PTH110, PTH112, PTH118, PTH120, PTH123, SIM905, T201
# ruff: noqa: UP006, UP017, UP035

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import re
import sqlite3
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from typing import IO, Any, Dict, Iterator, Sequence, Tuple

# Longer lines are cut: they would push what was said before off the screen.
LONGEST_LINE = 1000


def say(*lines: str) -> None:
    """Print lines of text and nothing else: a name can hold what makes a terminal forge lines."""
    for text in lines:
        line = text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}\u2026"
        plain = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
        print("".join(plain))


# --- Ed25519, verification only (RFC 8032, section 5.1.7) --------------------------------------
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
    """Multiply a point by a number; no secret is involved, so the time may vary."""
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


# --- Signed checkpoints ------------------------------------------------------------------------
Key = Tuple[str, bytes, bytes]


class Fault(Exception):
    """The first thing that is wrong; the message names it."""


def expect(condition: object, fault: str) -> None:
    """Raise the fault unless the condition is true."""
    if not condition:
        raise Fault(fault)


def unbase64(text: str, what: str) -> bytes:
    """Read base64 in its one proper spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Fault(f"{what} is not base64.") from None
    expect(base64.b64encode(data).decode() == text, f"{what} is not base64.")
    return data


def read_key(text: str, kind: int = 1) -> Key:
    """Return (name, id, public key) of a vkey: NAME+ID+BASE64; a witness's is of kind 4."""
    match = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)", text.strip())
    if match is None:
        raise Fault("The key is not a vkey (NAME+ID+BASE64).")
    data = unbase64(match[3], "The vkey")
    whose = "a log" if kind == 1 else "a witness"
    expect(len(data) == 33 and data[0] == kind, f"The vkey is not the Ed25519 key of {whose}.")
    identity = hashlib.sha256(match[1].encode() + b"\n" + data).digest()[:4]
    expect(identity.hex() == match[2], "The id of the vkey does not belong to its key.")
    return match[1], identity, data[1:]


def open_note(note: str, key: Key, what: str) -> list[str]:
    """Return the lines of a signed note that this key signed (c2sp.org/signed-note)."""
    name, identity, public = key
    text, found, tail = note.rpartition("\n\n")
    expect(found and tail.endswith("\n"), f"{what} is not a signed note.")
    text += "\n"
    ours = 0
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        expect(len(parts) == 3 and parts[0] == "\u2014", f"{what} has a malformed signature line.")
        data = unbase64(parts[2], f"A signature of {what}")
        if (parts[1], data[:4]) == (name, identity):
            holds = ed25519_holds(public, text.encode(), data[4:])
            expect(holds, f"{what}: the signature of {name} does not hold.")
            ours += 1
    expect(ours, f"{what} is not signed by the key {name}+{identity.hex()}.")
    return text.split("\n")[:-1]


def open_checkpoint(note: str, key: Key, what: str) -> tuple[int, bytes]:
    """Return (size, root) of a checkpoint that this key signed."""
    name, lines = key[0], open_note(note, key, what)
    expect(len(lines) == 3 and lines[0] == name, f"{what} is not a checkpoint of {name}.")
    expect(re.fullmatch("0|[1-9][0-9]*", lines[1]), f"{what} has no proper size.")
    return int(lines[1]), unbase64(lines[2], f"The root of {what}")


def cosigned_at(note: str, witness: Key, what: str) -> int | None:
    """Return the UNIX time at which a witness signed a checkpoint, or None if it did not.

    c2sp.org/tlog-cosignature: eight bytes of time, then Ed25519 over a line with it and the text.
    """
    name, identity, public = witness
    text, _, tail = note.rpartition("\n\n")
    moment = None
    for line in tail[:-1].split("\n"):
        _, signer, encoded = line.split(" ")
        data = unbase64(encoded, f"A signature of {what}")
        if (signer, data[:4]) == (name, identity):
            expect(moment is None, f"{what} has two cosignatures of {name}.")
            moment = int.from_bytes(data[4:12], "big")
            message = f"cosignature/v1\ntime {moment}\n{text}\n".encode()
            holds = ed25519_holds(public, message, data[12:])
            expect(holds, f"{what}: the cosignature of {name} does not hold.")
    return moment


# --- Merkle tree (RFC 6962, section 2.1) -------------------------------------------------------
def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two halves."""
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(hashes: list[bytes]) -> bytes:
    """Return the root over hashes: pairs, and an odd one at the end goes up as it is."""
    while len(hashes) > 1:
        odd = hashes[len(hashes) & ~1 :]
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2])] + odd
    return hashes[0] if hashes else hashlib.sha256(b"").digest()


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes | None:
    """Return the root that a proof leads to (RFC 9162, 2.1.3.2); None for a wrong length."""
    last, value, rest = size - 1, leaf, list(proof)
    while last:
        if index & 1 or index < last:
            if not rest:
                return None
            other = rest.pop(0)
            value = node_hash(other, value) if index & 1 else node_hash(value, other)
        index, last = index >> 1, last >> 1
    return None if rest else value


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
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


# --- Files, JSON, CSV --------------------------------------------------------------------------
Row = Dict[str, Any]
# The most bytes of what is read into memory; a few bytes of a ZIP can become any number.
MOST = 2**20
MOST_ENTRY = 65_535
MOST_ROW = 32 * 2**20
# Of manifest.json, for each file: its name and its hash take half of it.
MOST_LISTED = 256
# From reading the first case until all is written. What is older was not "still coming in".
LONGEST_MAKING = timedelta(hours=24)


class Files:
    """The files of an export, in a folder or in a ZIP; nothing is unpacked."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.zip = None if os.path.isdir(path) else zipfile.ZipFile(path)
        if self.zip:
            names = [info.filename for info in self.zip.infolist() if not info.is_dir()]
        else:
            names = [
                os.path.relpath(os.path.join(folder, name), path).replace(os.sep, "/")
                for folder, _, files in os.walk(path)
                for name in files
            ]
        self.names = set(names)
        # What was looked into; nobody has verified the rest.
        self.read_names: set[str] = set()
        expect(len(self.names) == len(names), "The ZIP holds two files of the same name.")

    def open(self, name: str) -> IO[bytes]:
        """Open a file to look into it."""
        self.read_names.add(name)
        return self.open_unread(name)

    def open_unread(self, name: str) -> IO[bytes]:
        """Open a file."""
        expect(name in self.names, f"The file {name} is missing.")
        return self.zip.open(name) if self.zip else open(os.path.join(self.path, name), "rb")

    def read(self, name: str, most: int = MOST) -> bytes:
        """Return the bytes of a file, which are not more than `most`."""
        with self.open(name) as file:
            content = file.read(most + 1)
        expect(len(content) <= most, f"{name} has more than {most} bytes.")
        return content

    def text(self, name: str, most: int = MOST) -> str:
        """Return the text of a file."""
        return self.read(name, most).decode("utf-8")

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file as hexadecimal digits."""
        digest = hashlib.sha256()
        with self.open_unread(name) as file:
            for piece in iter(lambda: file.read(65536), b""):
                digest.update(piece)
        return digest.hexdigest()

    def under(self, prefix: str) -> list[str]:
        """Return the names that begin with a prefix."""
        return sorted(name for name in self.names if name.startswith(prefix))


def next_line(file: IO[bytes], most: int, name: str) -> bytes:
    """Return the next line of a file, which has not more than `most` bytes; empty at the end."""
    line = file.readline(most + 1)
    expect(len(line) <= most, f"{name} has a line of more than {most} bytes.")
    return line


def canonical(value: Any) -> str:
    """Return the canonical JSON (RFC 8785) of a value that `parse` has read."""
    quick = ENCODER.encode(value)
    return spelled(value) if BEYOND(quick) else quick


def spelled(value: Any) -> str:
    """Return the canonical JSON where names may have to be sorted by their UTF-16."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{spelled(k)}:{spelled(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled, value)) + "]"
    expect(not isinstance(value, float), "A number that is not whole cannot be verified here.")
    return json.dumps(value, ensure_ascii=False)


def parse(data: bytes, what: str) -> Any:
    """Read canonical JSON; what two readers could take differently, as a name twice, is refused."""
    text = data.decode("utf-8")
    value = DECODER.decode(text)
    expect(text == canonical(value), f"{what} is not canonical JSON.")
    return value


def no_number(text: str) -> None:
    """Refuse a number that is not whole."""
    raise Fault(f"The number {text} is not whole and cannot be verified here.")


# By code points names are sorted as by UTF-16, unless a character is beyond the first 65,536.
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
DECODER = json.JSONDecoder(parse_float=no_number, parse_constant=no_number)
BEYOND = re.compile("[\U00010000-\U0010ffff]").search


def each_once(pairs: list[tuple[str, Any]]) -> Row:
    """Return the object of these members; refuse a name twice."""
    found = dict(pairs)
    expect(len(found) == len(pairs), "manifest.json has two members of one name.")
    return found


FORMULA = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
QUOTED = re.compile('[,"\r\n]').search


def csv_line(cells: Sequence[Any]) -> bytes:
    """Return a line of CSV as the export writes it: RFC 4180, and no cell begins a formula."""
    line = []
    for value in cells:
        cell = "" if value is None else str(value)
        if cell.startswith(FORMULA):
            cell = "'" + cell
        line.append('"' + cell.replace('"', '""') + '"' if QUOTED(cell) else cell)
    return (",".join(line) + "\r\n").encode()


def compare(table: IO[bytes], expected: bytes, where: str) -> None:
    """Expect certain bytes to come next in a table."""
    expect(table.read(len(expected)) == expected, f"{where} is not what the log says.")


# --- The tables --------------------------------------------------------------------------------
CASE_COLUMNS = (
    "number case regime register_number received_at items channel responded_at outcomes grounds"
    " state requester residence language due_on due_provisional deadline_state rule citation"
    " acknowledged_at extended_at missed complaints closed_at erased_at regime_version steps"
).split()
EVENT_COLUMNS = (
    "number case step index at event role actor register register_number facts commitments"
).split()
MARK = "\ufeff".encode()
# The files to which the event bundle.exported commits; the rest follows from the log.
SIGNED = "README.txt cases.csv cases.jsonl contents.jsonl keys/vkey.txt verify.py".split()
# Files that are made when somebody asks for them. They are checked against that signature alone.
ON_DEMAND = {"xlsx": "cases.xlsx", "pdf": "summary.pdf"}


def row_from_log(entries: list[Row], regime: str) -> Row:
    """Derive what the entries of a case, by their step, tell about it."""
    received = [entry for entry in entries if entry["register"] == regime]
    expect(received, f"Case {entries[0]['case']} has no receipt in the register {regime}.")
    facts = received[0]["facts"]
    moves = [e for e in entries if "to" in e["facts"] and e["facts"]["from"] != e["facts"]["to"]]
    state = moves[-1]["facts"]["to"] if moves else "filed"
    ended = state in {"closed", "expired", "withdrawn", "merged", "rejected_as_abuse"}
    answers = [e for e in entries if e["name"] in {"answer.sent", "case.rejected_as_abuse"}]

    def first_at(name: str) -> str | None:
        return next((entry["at"] for entry in entries if entry["name"] == name), None)

    copied = "regime_version received_at items channel requester residence language".split()
    return {
        **{key: facts[key] for key in copied},
        "case": received[0]["case"],
        "regime": regime,
        "register_number": received[0]["number"],
        "regimes": [entry["register"] for entry in entries if entry["register"]],
        "state": state,
        "acknowledged_at": first_at("acknowledgement.sent"),
        "extended_at": first_at("clock.extended"),
        "responded_at": answers[-1]["at"] if answers else None,
        "outcomes": answers[-1]["facts"].get("outcomes", []) if answers else [],
        "missed": [
            {"clock": entry["facts"]["clock"], "due_on": entry["facts"]["due_on"]}
            for entry in entries
            if entry["name"] == "clock.missed" and entry["facts"]["regime"] == regime
        ],
        "complaints": complaints_from_log(entries, regime),
        "closed_at": moves[-1]["at"] if ended else None,
        "erased_at": first_at("case.erased"),
        "steps": len(entries),
    }


def complaints_from_log(entries: list[Row], regime: str) -> list[Row]:
    """Derive what the entries of a case tell about complaints: what they were and came to."""
    told = [entry for entry in entries if entry["name"].startswith("complaint.")]
    rows = []
    for received in (entry for entry in told if entry["name"] == "complaint.received"):
        mine = [e for e in told if e["facts"]["complaint"] == received["facts"]["complaint"]]
        named = {entry["name"].partition(".")[2]: entry for entry in mine}
        times = {
            f"{step}_at": named[step]["at"] if step in named else None
            for step in ("acknowledged", "answered", "withdrawn")
        }
        rows.append(
            {
                **{key: received["facts"][key] for key in ("complaint", "about", "received_at")},
                **times,
                "finding": named["answered"]["facts"]["finding"] if "answered" in named else None,
                "missed": [
                    {"clock": entry["facts"]["clock"], "due_on": entry["facts"]["due_on"]}
                    for entry in mine
                    if entry["name"] == "complaint.missed" and entry["facts"]["regime"] == regime
                ],
            }
        )
    return rows


def complaint_cell(row: Row) -> str:
    """Return a complaint as it stands in cases.csv."""
    end = "open"
    if row["finding"]:
        end = f"{row['finding']} {row['answered_at']}"
    elif row["withdrawn_at"]:
        end = f"withdrawn {row['withdrawn_at']}"
    return f"{row['about']} {row['received_at']}: {end}"


def ground_under(outcome: Row, regime: str) -> str | None:
    """Return the ground of an outcome under a law; one alone is that of the law that leads."""
    grounds = outcome.get("grounds")
    return grounds.get(regime) if grounds else outcome.get("ground")


def case_cells(row: Row) -> list[Any]:
    """Return a row of cases.jsonl as the cells of cases.csv."""
    lead: Row = next((deadline for deadline in row["deadlines"] if deadline["leads"]), {})
    outcomes = [
        (f"{o['item']} {o['kind']}: ", o["outcome"], ground_under(o, row["regime"]))
        for o in row["outcomes"]
    ]
    flat = {
        **row,
        "items": "; ".join(row["items"]),
        "outcomes": "; ".join(item + outcome for item, outcome, _ in outcomes),
        "grounds": "; ".join(item + ground for item, _, ground in outcomes if ground is not None),
        "due_on": lead.get("due_on"),
        "due_provisional": "yes" if lead.get("provisional") else "no",
        "deadline_state": lead.get("state"),
        "rule": lead.get("rule"),
        "citation": "; ".join(lead.get("citations", [])),
        "missed": "; ".join(f"{missed['clock']} {missed['due_on']}" for missed in row["missed"]),
        "complaints": "; ".join(map(complaint_cell, row["complaints"])),
    }
    return [flat[column] for column in CASE_COLUMNS]


def event_cells(number: str, index: int, entry: Row) -> list[Any]:
    """Return an entry as the cells of events.csv."""
    cells = {
        **entry,
        "event": entry["name"],
        "register_number": entry["number"],
        "number": number,
        "index": index,
        "facts": canonical(entry["facts"]),
        "commitments": canonical(entry["commitments"]),
    }
    return [cells[column] for column in EVENT_COLUMNS]


# --- The entries -------------------------------------------------------------------------------
class Entries:
    """The entries of an export, in a temporary database on the disk: a million do not fit else."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("")
        self.db.execute("PRAGMA journal_mode = OFF")
        self.db.execute(
            "CREATE TABLE entry"
            " (place INTEGER PRIMARY KEY, pseudonym, step, register, number, at, leaf BLOB)"
        )
        self.db.execute("CREATE TABLE shown (pseudonym PRIMARY KEY, steps, number)")
        self.db.execute("CREATE TABLE outside (pseudonym PRIMARY KEY)")

    def add(self, place: int, leaf: bytes) -> None:
        """Take an entry that was proved to be in the log."""
        entry = parse(leaf, f"Entry {place}")
        values = [entry[key] for key in ("case", "step", "register", "number", "at")]
        self.db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", (place, *values, leaf))

    def check_order(self) -> None:
        """Expect each step of a case once, in order, and each number of a register once."""
        self.db.execute("CREATE INDEX by_case ON entry (pseudonym, step)")
        self.db.execute("CREATE INDEX by_register ON entry (register, number)")
        before: Tuple[Any, ...] = (None, None, None)
        steps = "SELECT pseudonym, step, place FROM entry WHERE pseudonym IS NOT NULL ORDER BY 1, 2"
        for case, step, place in self.db.execute(steps):
            if case == before[0]:
                expect(step != before[1], f"Case {case} has two steps {step}.")
                expect(place > before[2], f"Case {case}: step {step} is out of order.")
            before = (case, step, place)
        twice = self.db.execute(
            "SELECT number, register FROM entry WHERE register IS NOT NULL"
            " GROUP BY register, number HAVING count(*) > 1"
        ).fetchone()
        expect(twice is None, "Two requests are number {} of {}.".format(*(twice or ("", ""))))

    def belated(self) -> Iterator[tuple[str, str]]:
        """Yield (what, time before it) for entries that say to be far older than one before them.

        What is written at the same moment may be placed the other way round; not an hour apart.
        """
        latest = ""
        times = "SELECT at, place, step, pseudonym FROM entry ORDER BY place"
        for at, place, step, case in self.db.execute(times):
            if at >= latest:
                latest = at
            elif moment_of(latest) - moment_of(at) > timedelta(hours=1):
                what = f"entry {place}" if case is None else f"step {step} of case {case}"
                yield f"{what} says {at}", latest

    def entry(self, place: int) -> Row | None:
        """Return the entry at a place of the log, if the export has it."""
        found = self.db.execute("SELECT leaf FROM entry WHERE place = ?", (place,)).fetchone()
        return None if found is None else json.loads(found[0].decode("utf-8"))

    def of_case(self, case: str, steps: int) -> list[tuple[int, Row]]:
        """Return (place, entry) of the first steps of a case, as far as they are there."""
        query = "SELECT place, leaf FROM entry WHERE pseudonym = ? AND step <= ? ORDER BY step"
        found = self.db.execute(query, (case, steps))
        return [(place, json.loads(leaf.decode("utf-8"))) for place, leaf in found]

    def of_register(self, register: str, highest: int) -> Iterator[tuple[int, Row]]:
        """Yield (number, entry) of the receipts in a register, by their number."""
        query = "SELECT number, leaf FROM entry WHERE register = ? AND number <= ? ORDER BY number"
        for number, leaf in self.db.execute(query, (register, highest)):
            yield number, json.loads(leaf.decode("utf-8"))

    def statements(self) -> Iterator[tuple[int, Row]]:
        """Yield (place, facts) of every export of which the log knows, as far as it is there."""
        query = "SELECT place, leaf FROM entry WHERE pseudonym IS NULL ORDER BY place"
        for place, leaf in self.db.execute(query):
            entry = json.loads(leaf.decode("utf-8"))
            if entry["name"] == "bundle.exported":
                yield place, entry["facts"]

    def times(self, first: int, last: int) -> tuple[str, str] | None:
        """Return the earliest and the latest time of the entries at certain places, if any."""
        query = "SELECT min(at), max(at) FROM entry WHERE place BETWEEN ? AND ?"
        earliest, latest = self.db.execute(query, (first, last)).fetchone()
        return None if earliest is None else (earliest, latest)

    def registers(self) -> list[str]:
        """Return the registers of which there is an entry."""
        query = "SELECT DISTINCT register FROM entry WHERE register IS NOT NULL ORDER BY 1"
        return [register for (register,) in self.db.execute(query)]

    def highest(self, register: str, before: int) -> int:
        """Return the highest number of a register among the entries before a place."""
        query = "SELECT number FROM entry WHERE register = ? AND place < ? ORDER BY number DESC"
        found = self.db.execute(query, (register, before)).fetchone()
        return found[0] if found else 0

    def receipts(self) -> Iterator[tuple[int, bytes, str | None]]:
        """Yield (place, entry, number of its case if shown) of each receipt of a request."""
        yield from self.db.execute(
            "SELECT place, leaf, shown.number FROM entry LEFT JOIN shown USING (pseudonym)"
            " WHERE register IS NOT NULL"
        )

    def show(self, case: str, steps: int, number: str) -> bool:
        """Note how many steps of a case the tables show; False when it was noted before."""
        values = (case, steps, number)
        noted = self.db.execute("INSERT OR IGNORE INTO shown VALUES (?, ?, ?)", values)
        return noted.rowcount == 1

    def is_shown(self, case: str) -> bool:
        """Tell whether the tables show a case."""
        return bool(self.db.execute("SELECT 1 FROM shown WHERE pseudonym = ?", (case,)).fetchone())

    def leave_out(self, case: str) -> None:
        """Note a case that is there with nothing but its receipt."""
        self.db.execute("INSERT OR IGNORE INTO outside VALUES (?)", (case,))

    def left_out(self) -> int:
        """Return how many cases are there with nothing but their receipt."""
        count: int = self.db.execute("SELECT count(*) FROM outside").fetchone()[0]
        return count

    def extents(self, read_from: int) -> Iterator[tuple[str, int, int | None, int, int]]:
        """Yield (case, steps there, steps shown if it is, is left out, last before `read_from`)."""
        yield from self.db.execute(
            "SELECT pseudonym, count(*), max(shown.steps), count(outside.pseudonym) > 0,"
            " max(CASE WHEN place < ? THEN step ELSE 0 END) FROM entry"
            " LEFT JOIN shown USING (pseudonym) LEFT JOIN outside USING (pseudonym)"
            " WHERE pseudonym IS NOT NULL GROUP BY pseudonym",
            (read_from,),
        )


# --- The export --------------------------------------------------------------------------------
class Export:
    """An export, and what was found while it was verified."""

    def __init__(self, files: Files, key: Key, previous: str | None) -> None:
        self.files, self.key, self.previous = files, key, previous
        self.unchecked: list[str] = []
        self.kept = 0
        self.entries = Entries()
        self.cases = self.steps = self.opened = 0
        self.closed: dict[str, int] = {}
        self.witnesses: list[Key] = []
        self.receipts: list[str] = []
        self.receipt_key: Key | None = None
        self.evidence: list[str] = []

    def verify(self) -> None:
        """Check everything. Raises Fault with the first that is wrong."""
        self.check_manifest()
        self.check_checkpoints()
        self.check_witnesses()
        if self.manifest["regime"] is None:
            self.check_tiles()
            self.read_whole_log()
        elif "log/entries.txt" in self.files.names:
            self.check_tiles()
            self.read_entries()
        else:
            self.read_proofs()
        self.entries.check_order()
        self.check_times()
        self.check_statement()
        self.check_read_from(self.manifest["statement"], self.facts, self.size - 1)
        self.check_is_newest()
        self.check_registers()
        if self.manifest["regime"] is None:
            self.check_other_exports()
        self.check_tables()
        self.check_scope()
        self.check_receipts()
        self.check_nothing_else()

    def check_manifest(self) -> None:
        """Hold every file against its hash, and look for files that do not belong here."""
        text = self.files.text("manifest.json", MOST + MOST_LISTED * len(self.files.names))
        self.manifest = json.loads(text, object_pairs_hook=each_once)
        expect(self.manifest["format"] == "requests-portal-bundle/1", "Unknown format of export.")
        listed = self.manifest["files"]
        for name in sorted(listed):
            same = self.files.sha256(name) == listed[name]
            expect(same, f"{name} was changed: its SHA-256 is not the one in manifest.json.")
        for name in sorted(self.files.names - set(listed) - {"manifest.json"}):
            raise Fault(f"{name} is not part of the export: manifest.json lacks it.")

    def check_nothing_else(self) -> None:
        """Expect no file that was neither looked into nor signed for, such as a summary.pdf."""
        for name in sorted(self.files.names - self.files.read_names - self.signed):
            raise Fault(f"{name} is not part of the export: the provider did not sign for it.")

    def check_checkpoints(self) -> None:
        """Check the signed states of the log, and that each later one continues the earlier."""
        self.note = self.files.text("log/checkpoint")
        self.size, self.root = open_checkpoint(self.note, self.key, "log/checkpoint")
        kept = {}
        for name in self.files.under("log/checkpoints/"):
            size, root = open_checkpoint(self.files.text(name), self.key, name)
            expect(name == f"log/checkpoints/{size}", f"{name} is a checkpoint of another size.")
            self.check_consistency(f"log/consistency/{size}-{self.size}", size, root)
            kept[size] = root
        self.check_timestamps({**kept, self.size: self.root})
        for name in self.files.under("log/consistency/"):
            known = name in {f"log/consistency/{size}-{self.size}" for size in kept}
            expect(known, f"{name} has no checkpoint that it starts from.")
        if self.previous is None:
            self.unchecked.append(
                "that the log continues the one you saw before: pass --previous with the last"
                " checkpoint that you kept"
            )
            return
        size, root = open_checkpoint(self.previous, self.key, "The previous checkpoint")
        rolled_back = f"it has {self.size} entries, your previous checkpoint {size}."
        expect(size <= self.size, f"The log was rolled back: {rolled_back}")
        if size == 0:
            return  # Every log continues the empty one.
        known_root = self.root if size == self.size else kept.get(size)
        lacking = "ask for an export from that checkpoint."
        expect(known_root, f"No proof from your previous checkpoint of size {size}: {lacking}")
        expect(root == known_root, f"The log was forked: there are two of size {size}.")
        self.kept = size

    def check_witnesses(self) -> None:
        """Expect a checkpoint that each given witness signed; name the newest and its time."""
        names = ["log/checkpoint", *self.files.under("log/checkpoints/")]
        for witness in self.witnesses:
            signed = []
            for name in names:
                note = self.files.text(name)
                moment = cosigned_at(note, witness, name)
                if moment is not None:
                    signed.append((int(note.split("\n")[1]), moment))
            expect(signed, f"No checkpoint here is signed by the witness {witness[0]}.")
            size, moment = max(signed)
            when = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
            self.evidence.append(f"witness {witness[0]} signed the first {size} entries at {when}")
        if not self.witnesses:
            self.unchecked.append(
                "what witnesses signed: pass --witness with the key of each that you trust"
            )

    def check_timestamps(self, roots: dict[int, bytes]) -> None:
        """Hold each timestamp against a checkpoint that the log continues; not its signature."""
        for name in self.files.under("log/timestamps/"):
            match = re.fullmatch(r"log/timestamps/(0|[1-9][0-9]*)\.(tsr|checkpoint)", name)
            if match is None:
                raise Fault(f"{name} is neither a timestamp nor a checkpoint.")
            stem = f"log/timestamps/{match[1]}"
            expect(f"{stem}.checkpoint" in self.files.names, f"{stem}.checkpoint is missing.")
            expect(f"{stem}.tsr" in self.files.names, f"The timestamp {stem}.tsr is missing.")
            if match[2] == "tsr":
                continue
            size, root = open_checkpoint(self.files.text(name), self.key, name)
            expect(size == int(match[1]), f"{name} is a checkpoint of another size.")
            expect(roots.get(size) == root, f"{name} is not one that this log continues.")
            digest = bytes.fromhex(self.files.sha256(name))
            expect(digest in self.files.read(f"{stem}.tsr"), f"{stem}.tsr is not on {name}.")
            self.unchecked.append(
                f"who signed the timestamp on the first {size} entries: openssl ts -verify"
                f" -in {stem}.tsr -data {name} -CAfile CERTIFICATES; and when: openssl ts -reply"
                f" -text -in {stem}.tsr"
            )

    def check_consistency(self, name: str, old: int, old_root: bytes) -> None:
        """Check one proof that log/checkpoint continues an earlier one."""
        head, _, note = self.files.text(name).partition("\n\n")
        lines = head.split("\n")
        expect(lines[0] == f"old {old}", f"{name} does not start from size {old}.")
        expect(note == self.note, f"{name} is for another checkpoint than log/checkpoint.")
        proof = [unbase64(line, f"A hash in {name}") for line in lines[1:]]
        holds = consistent(old, self.size, old_root, self.root, proof)
        expect(holds, f"{name}: the log does not continue its checkpoint of size {old}.")

    def read_proofs(self) -> None:
        """Read the entries, each with its proof that it is in the log."""
        for name in self.files.under("log/proofs/"):
            match = re.fullmatch(r"log/proofs/(0|[1-9][0-9]*)\.(entry|tlog-proof)", name)
            if match is None:
                raise Fault(f"{name} is neither an entry nor a proof.")
            if match[2] == "tlog-proof":
                there = f"log/proofs/{match[1]}.entry" in self.files.names
                expect(there, f"The entry of {name} is missing.")
                continue
            index, entry = int(match[1]), self.files.read(name)
            proof = f"log/proofs/{index}.tlog-proof"
            head, _, note = self.files.text(proof).partition("\n\n")
            lines = head.split("\n")
            expect(lines[0] == "c2sp.org/tlog-proof@v1", f"{proof} is not a proof file.")
            expect(lines[1:2] == [f"index {index}"], f"{proof} is for another place in the log.")
            expect(note == self.note, f"{proof} is for another checkpoint than log/checkpoint.")
            hashes = [unbase64(line, f"A hash in {proof}") for line in lines[2:]]
            expect(index < self.size, f"Entry {index} lies beyond the checkpoint.")
            root = root_of_inclusion(index, self.size, leaf_hash(entry), hashes)
            expect(
                root == self.root, f"Entry {index} is not in the log: it or its proof was changed."
            )
            self.entries.add(index, entry)

    def check_tiles(self) -> None:
        """Hold the hash tiles against the checkpoint, from the hashes of the entries up."""
        tiles = range((self.size + 255) // 256)
        hashes = [tree_root(self.hash_tile(0, number)) for number in tiles]
        changed = "a hash was changed, added or lost."
        expect(tree_root(hashes) == self.root, f"log/tile/0 is not the checkpoint's: {changed}")
        level, hashes = 1, hashes[: self.size // 256]
        while hashes:
            full = []
            for number in range((len(hashes) + 255) // 256):
                tile = hashes[256 * number : 256 * (number + 1)]
                name = tile_name(str(level), number, len(tile))
                expect(self.files.read(name) == b"".join(tile), f"{name} is not of these entries.")
                if len(tile) == 256:
                    full.append(tree_root(tile))
            hashes, level = full, level + 1

    def hash_tile(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of a tile."""
        width = min(256, (self.size >> 8 * level) - 256 * number)
        name = tile_name(str(level), number, width)
        tile = self.files.read(name)
        expect(len(tile) == 32 * width, f"{name} has not {width} hashes.")
        return [tile[place : place + 32] for place in range(0, len(tile), 32)]

    def read_whole_log(self) -> None:
        """Read all entries, each of which the hash tiles prove."""
        for number in range((self.size + 255) // 256):
            hashes = self.hash_tile(0, number)
            name = tile_name("entries", number, len(hashes))
            bundle, position = self.files.read(name, 256 * (2 + MOST_ENTRY)), 0
            for offset, expected in enumerate(hashes):
                end = position + 2 + int.from_bytes(bundle[position : position + 2], "big")
                expect(position + 2 <= end <= len(bundle), f"{name} is cut off.")
                entry = bundle[position + 2 : end]
                changed = f"Entry {256 * number + offset} in {name} was changed."
                expect(leaf_hash(entry) == expected, changed)
                self.entries.add(256 * number + offset, entry)
                position = end
            expect(position == len(bundle), f"{name} has more entries than it should.")

    def read_entries(self) -> None:
        """Read the entries of a large scoped export, each of which the hash tiles prove."""
        before, number, hashes = -1, -1, []
        name, most = "log/entries.txt", MOST_ENTRY + len(f"{2**63} \n")
        with self.files.open(name) as lines:
            for line in iter(lambda: next_line(lines, most, name), b""):
                match = re.fullmatch(rb"(0|[1-9][0-9]{0,18}) (.+)\n", line)
                if match is None:
                    raise Fault(f"log/entries.txt: the line after entry {before} is malformed.")
                index = int(match[1])
                expect(before < index, f"log/entries.txt: entry {index} is out of order.")
                expect(index < self.size, f"Entry {index} lies beyond the checkpoint.")
                if index // 256 != number:
                    number = index // 256
                    hashes = self.hash_tile(0, number)
                same = leaf_hash(match[2]) == hashes[index % 256]
                expect(same, f"Entry {index} is not in the log: it was changed.")
                self.entries.add(index, match[2])
                before = index
        proofs = self.files.under("log/proofs/")
        expect(not proofs, "There are proofs beside log/entries.txt.")

    def check_times(self) -> None:
        """Look for entries that were dated back: the order of the log is beyond dispute.

        No fault, for a clock that was wrong for a day must not spoil the log for ever.
        """
        count, first = 0, ""
        for what, latest in self.entries.belated():
            count, first = count + 1, first or f"{what}, and stands after one of {latest}"
        if count:
            dated = "the times of {} entries, dated back or by a wrong clock: {}"
            self.unchecked.append(dated.format(count, first))
        else:
            self.evidence.append("the entries are in the order of their times")

    def check_statement(self) -> None:
        """Hold manifest and tables against the event by which the provider signed for them."""
        index = self.manifest["statement"]
        statement = self.entries.entry(index)
        if statement is None:
            raise Fault("The event bundle.exported of this export is missing.")
        expect(statement["name"] == "bundle.exported", f"Entry {index} is not bundle.exported.")
        self.facts = dict(statement["facts"])
        files = self.facts.pop("files")
        said = {
            **self.facts,
            "made_at": statement["at"],
            "made_by": statement["role"],
            "log": {"origin": self.key[0], "size": self.size},
            "statement": index,
        }
        for key in sorted(set(said) | set(self.manifest) - {"files"}):
            same = key in self.manifest and said.get(key) == self.manifest[key]
            expect(same, f"manifest.json was changed: {key} is not what the provider signed.")
        self.check_all_timestamps()
        signed = sorted(SIGNED + [ON_DEMAND[f] for f in self.facts["formats"] if f in ON_DEMAND])
        expect(sorted(files) == signed, "The provider signed another list of files.")
        self.signed = set(signed)
        alone = [name for name in signed if name not in SIGNED]
        if alone:
            names = " and ".join(alone)
            self.unchecked.append(f"what {names} say: they are the files that the provider signed")
        for name in signed:
            expect(name in self.files.names, f"The file {name} is missing.")
            same = files[name] == self.manifest["files"][name]
            expect(same, f"{name} was changed: it is not the file that the provider signed.")

    def check_all_timestamps(self) -> None:
        """Expect the timestamps that the provider signed for, each as it was, and no others."""
        names = self.files.under("log/timestamps/")
        lines = [f"{self.manifest['files'][name]} {name}\n" for name in names]
        digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        count = self.facts["timestamps"]["count"]
        differ = f"The timestamps differ from the {count} that the provider signed for:"
        expect(len(names) >= 2 * count, f"{differ} one was left out.")
        expect(len(names) <= 2 * count, f"{differ} one was added.")
        same = digest == self.facts["timestamps"]["sha256"]
        expect(same, f"{differ} one was changed or replaced.")

    def check_is_newest(self) -> None:
        """Expect an export of after the previous checkpoint, not an old one with new proofs."""
        read_from = self.facts["read_from"]
        expect(
            self.kept <= read_from,
            "The export is older than your previous checkpoint: it shows what lies before entry"
            f" {read_from}, and your checkpoint has {self.kept} entries. Ask for a new export, or"
            " give the checkpoint that you kept before you asked for this one.",
        )
        later = self.size - 1 - self.manifest["statement"]
        if later:
            self.unchecked.append(
                f"what the last {later} entries of the log say of these cases: they came after the"
                " export was made"
            )

    def check_read_from(self, place: int, facts: Row, last: int) -> None:
        """Expect that an export was read just before the entry by which the provider signed it.

        Who could name any earlier place could leave out whatever came since. `last` is the last
        place that belongs to the making of the export.
        """
        read_from = facts["read_from"]
        what = f"The export that is entry {place} says to have been read from entry {read_from}"
        expect(isinstance(read_from, int), f"{what}, which is no place in the log.")
        expect(0 <= read_from <= place, f"{what}, which is no place before it.")
        earliest, latest = self.entries.times(read_from, last) or ("", "")
        if earliest:
            expect(
                moment_of(latest) - moment_of(earliest) <= LONGEST_MAKING,
                f"{what} on, as if what was written from {earliest} to {latest} had come while it"
                f" was made: that takes {LONGEST_MAKING // timedelta(hours=1)} hours at most.",
            )

    def shows_register(self) -> bool:
        """Tell whether the receipts of all requests are there; an export of one case may lack them.

        Older exports say nothing of it: they have them.
        """
        filters = self.facts["filters"]
        shows = filters.get("register", True)
        expect(isinstance(shows, bool), "The export does not say whether its register is shown.")
        alone = filters["case"] is not None and self.facts["regime"] is not None
        expect(shows or alone, "Only an export of one case may do without its register.")
        return bool(shows)

    def check_registers(self) -> None:
        """Expect every request of the regime, shown or not, by its register number."""
        if not self.shows_register():
            self.unchecked.append(
                "that no other request was left out: the export shows one case without the receipts"
                " of the others; one with its register proves it"
            )
            return
        for register, highest in sorted(self.facts["registered"].items()):
            following = 1
            for number, _ in self.entries.of_register(register, highest):
                if number != following:
                    break
                following += 1
            missing = f"Request {following} of {highest} in the register {register} is missing."
            expect(following > highest, missing)

    def check_other_exports(self) -> None:
        """Expect the provider to have signed for all requests in every export that it made.

        To the regulator of one regime, it could keep silent about the newest ones; here it shows.
        """
        for place, facts in self.entries.statements():
            self.check_read_from(place, facts, place)
            regime, told = facts["regime"], facts["registered"]
            for register in self.entries.registers() if regime is None else [regime]:
                there = self.entries.highest(register, facts["read_from"])
                signed = told.get(register, 0)
                expect(
                    there <= signed,
                    f"The export that is entry {place} kept silent about requests: the register"
                    f" {register} had {there}, and the provider signed for {signed}.",
                )
                later = self.entries.highest(register, place) - max(there, signed)
                if later > 0:
                    self.unchecked.append(
                        f"{later} requests in the register {register} that came while the export"
                        f" that is entry {place} was made: the next one of that register must show"
                        " them"
                    )

    def check_tables(self) -> None:
        """Go through the cases, and hold every table against their steps, line by line."""
        mark = MARK if "bom" in self.facts["formats"] else b""
        names = ("cases.jsonl", "cases.csv", "events.csv", "contents.jsonl")
        rows, cases, events, contents = (self.files.open(name) for name in names)
        with rows, cases, events, contents:
            compare(cases, mark + csv_line(CASE_COLUMNS), "cases.csv: its first line")
            compare(events, mark + csv_line(EVENT_COLUMNS), "events.csv: its first line")
            for line in iter(lambda: next_line(rows, MOST_ROW, "cases.jsonl"), b""):
                row = parse(line.rstrip(b"\n"), f"cases.jsonl: line {self.cases + 1}")
                steps = self.check_case(row)
                compare(cases, csv_line(case_cells(row)), f"cases.csv: case {row['number']}")
                for place, entry in steps:
                    cells = event_cells(row["number"], place, entry)
                    where = f"events.csv: step {entry['step']} of case {row['number']}"
                    compare(events, csv_line(cells), where)
                    self.check_contents(row, entry, contents)
                self.cases += 1
                self.steps += len(steps)
            self.check_left_out()
            expect(not cases.read(1), "cases.csv has more lines than there are cases.")
            expect(not events.read(1), "events.csv has more lines than there are steps.")
            more = "contents.jsonl has more lines than there are commitments."
            expect(not contents.read(1), more)
        expect(self.cases == self.facts["cases"], "The provider signed for more or fewer cases.")
        expect(self.steps == self.facts["events"], "The provider signed for more or fewer steps.")
        same = (self.opened, self.closed) == (self.facts["openings"], self.facts["closed"])
        expect(same, "The provider signed for more or fewer contents.")

    def check_case(self, row: Row) -> list[tuple[int, Row]]:
        """Hold a line of cases.jsonl against the steps of its case, and return these."""
        number, signed = row["number"], row["steps"]
        steps = self.entries.of_case(row["case"], signed)
        there = {entry["step"] for _, entry in steps}
        for step in range(1, signed + 1):
            missing = f"Step {step} of case {number} is missing: the provider signed for {signed}."
            expect(step in there, missing)
        derived = row_from_log([entry for _, entry in steps], row["regime"])
        for key in sorted(derived):
            same = row.get(key) == derived[key]
            expect(same, f"cases.jsonl: case {number}: {key} is not what the log says.")
        expect(set(row) == {*derived, "number", "deadlines"}, "cases.jsonl has other columns.")
        once = self.entries.show(row["case"], signed, number)
        expect(once, f"cases.jsonl has case {number} twice.")
        states = self.facts["filters"]["states"]
        inside = self.facts["regime"] in {None, row["regime"]} and self.fits(row)
        inside = inside and (not states or row["state"] in states)
        expect(inside, f"Case {number} does not belong into this export.")
        return steps

    def check_left_out(self) -> None:
        """Hold the requests that the tables do not show against the filters."""
        if not self.shows_register():
            return
        states = self.facts["filters"]["states"]
        for register, highest in sorted(self.facts["registered"].items()):
            for number, entry in self.entries.of_register(register, highest):
                if self.entries.is_shown(entry["case"]):
                    continue
                self.entries.leave_out(entry["case"])
                left_out = f"Request {number} of the register {register} is left out of the tables"
                fits = not states and self.fits({**entry["facts"], "case": entry["case"]})
                expect(not fits, f"{left_out}, though it fits the filters.")
        count = self.entries.left_out()
        if count and states:
            self.unchecked.append(
                f"that the {count} requests not shown were in another state than"
                f" {', '.join(states)}: ask for an export without that filter"
            )

    def check_scope(self) -> None:
        """Expect the steps of the cases that are shown, all of them, and no others."""
        read_from, later = self.facts["read_from"], 0
        for case, there, shown, outside, last in self.entries.extents(read_from):
            if self.facts["regime"] is not None:
                asked = outside if shown is None else shown
                expect(there == asked, f"The export holds steps of case {case} unasked.")
            elif shown is not None:
                expect(last <= shown, f"Case {case} has more steps than shown.")
                later += there - shown
            elif not outside:
                hidden = "is in the log, and neither in the tables nor left out by the filters."
                expect(not last, f"Case {case} {hidden}")
                later += there
        if later:
            self.unchecked.append(
                f"{later} steps that came from entry {read_from} on, while the export was made:"
                " the next export must show them"
            )
        if self.facts["regime"] is not None:
            self.unchecked.append(
                "that no steps or requests followed those shown: the provider signed that all are"
                f" shown which lie before entry {read_from} of {self.size}; an export of the whole"
                " log proves it"
            )

    def check_receipts(self) -> None:
        """Expect the request of each receipt that a person showed, as the receipt has it."""
        wanted: dict[str, list[Row]] = {}
        for note in self.receipts:
            receipt = self.read_receipt(note)
            entries, regime = receipt["entries"], self.facts["regime"]
            told = f"The receipt of case {receipt['case_number']}"
            expect(regime is None or regime in entries, f"{told} is none under {regime}.")
            for leaf in entries.values() if regime is None else [entries[regime]]:
                wanted.setdefault(leaf, []).append(receipt)
        for place, leaf, number in self.entries.receipts() if wanted else ():
            received = json.loads(leaf.decode("utf-8"))["facts"]["received_at"]
            for receipt in wanted.pop(leaf_hash(leaf).hex(), []):
                told = f"The receipt of case {receipt['case_number']}"
                same = moment_of(receipt["received_at"]) == datetime.fromisoformat(received)
                expect(same, f"{told} says {receipt['received_at']}, the log {received}.")
                same = number in {None, receipt["case_number"]}
                expect(same, f"{told}: the tables name its case {number}.")
                self.evidence.append(f"receipt of case {receipt['case_number']}: entry {place}")
        for receipt in (receipt for receipts in wanted.values() for receipt in receipts):
            said = f"case {receipt['case_number']}, received at {receipt['received_at']}"
            if not self.shows_register():
                self.unchecked.append(f"a receipt of another case than the one shown: {said}")
                continue
            # What came while the export was made need not be in it.
            begun = moment_of(self.manifest["made_at"]) - timedelta(hours=1)
            later = moment_of(receipt["received_at"]) > begun
            expect(later, f"The request of a receipt is not in the log: {said}.")
            self.unchecked.append(f"a receipt that may be younger than this export: {said}")

    def read_receipt(self, note: str) -> Row:
        """Return what a receipt says; without the key of receipts its signature stays open."""
        if self.receipt_key is None:
            lines = note.split("\n")
            who = "who signed the receipts: pass --receipt-vkey with their key"
            self.unchecked += [] if who in self.unchecked else [who]
        else:
            lines = open_note(note, self.receipt_key, "A receipt")
        expect(
            lines[:1] == ["requests-portal/receipt/v1"], "A receipt is none, or of another form."
        )
        receipt: Row = parse(lines[1].encode("utf-8"), "A receipt")
        expect(receipt["log"] == self.key[0], f"A receipt is of another log: {receipt['log']}.")
        return receipt

    def fits(self, row: Row) -> bool:
        """Tell whether a case passes the filters on its time of receipt and on one case."""
        filters, moment = self.facts["filters"], datetime.fromisoformat(row["received_at"])
        start, end = filters["received_from"], filters["received_before"]
        return (
            (not start or moment >= datetime.fromisoformat(start))
            and (not end or moment < datetime.fromisoformat(end))
            and filters["case"] in {None, row["case"]}
        )

    def check_contents(self, row: Row, entry: Row, lines: IO[bytes]) -> None:
        """Expect a line for each commitment of a step, and that each content fits its own."""
        for name, commitment in sorted(entry["commitments"].items()):
            where = f"{name} of step {entry['step']} of case {row['number']}"
            text = next_line(lines, MOST_ROW, "contents.jsonl").rstrip(b"\n")
            line = parse(text or b"{}", f"contents.jsonl: {where}")
            labels = [line.get(key) for key in ("case", "step", "event", "name")]
            right = labels == [row["case"], entry["step"], entry["name"], name]
            expect(right, f"contents.jsonl lacks {where}.")
            same = line["commitment"] == commitment
            expect(same, f"contents.jsonl has another commitment for {where}.")
            reason = line.get("closed")
            if reason is None:
                self.opened += 1
                fits = commit(line["nonce"], line["content"]) == commitment
                expect(fits, f"contents.jsonl: the content does not fit {where}.")
            else:
                self.closed[reason] = self.closed.get(reason, 0) + 1
                allowed = self.may_close(reason, row, entry, name)
                expect(allowed, f"contents.jsonl: {where} is not shown without reason.")

    def may_close(self, reason: str, row: Row, entry: Row, name: str) -> bool:
        """Tell whether a content may be withheld for a reason in this export.

        A document of identity is what an acceptance rests on, what came while one was waited for,
        and a request that names its number.
        """
        if reason == "erased":
            return row["erased_at"] is not None
        if self.facts["regime"] is None:
            return reason == "whole_log"
        sent = entry["role"] == "public" and entry["facts"].get("from") == "identity_needed"
        judged = entry["name"] in {
            "identity.proved",
            "identity.not_proved",
            "identity.confirmed",
            "identity.doubted",
        }
        may_show = sent or judged or name == "request"
        asked = self.facts["filters"]["identity_reason"]
        return reason == "identity_document" and may_show and not asked

    def made_at(self) -> str:
        """Return when the provider signed for the export, by its own clock."""
        return f"{moment_of(self.manifest['made_at']):%Y-%m-%d %H:%M:%S} UTC"

    def report(self) -> list[str]:
        """Return the lines that tell what was verified, and what was not."""
        facts = self.facts
        chosen = facts["filters"].items()
        filters = {key: value for key, value in chosen if value and key != "register"}
        verified = [
            f"log {self.key[0]}, {self.size} entries, root {self.root.hex()}",
            f"export {facts['bundle']} of {facts['regime'] or 'the whole log'}",
            f"filters: {canonical(filters) if filters else 'none'}",
            f"made at {self.made_at()}: it shows what lies before entry {facts['read_from']}",
            *(
                f"register {register}: all {highest} requests accounted for"
                for register, highest in sorted(facts["registered"].items())
            ),
            f"{facts['cases']} cases shown, {self.entries.left_out()} not shown by the filters",
            f"{facts['events']} steps, none missing; the tables say what the log says",
            f"{facts['openings']} contents fit their commitments",
            *(
                f"{count} contents not shown: {reason}"
                for reason, count in sorted(facts["closed"].items())
            ),
            *self.evidence,
        ]
        unchecked = [
            *self.unchecked,
            "case numbers, deadlines and rules: they rest on the provider's signed word",
            "requests that were never written into the log: pass --receipt with those of people",
        ]
        return [
            "OK",
            *(f"  {line}" for line in verified),
            "Not verified:",
            *(f"  - {line}" for line in unchecked),
        ]


def tile_name(level: str, number: int, width: int) -> str:
    """Return the file of a tile or entry bundle."""
    path = f"{number % 1000:03d}"
    while number >= 1000:
        number //= 1000
        path = f"x{number % 1000:03d}/{path}"
    return f"log/tile/{level}/{path}" + ("" if width == 256 else f".p/{width}")


def moment_of(text: str) -> datetime:
    """Return the time of an entry: UTC, as 2026-01-02T03:04:05.000006Z."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def commit(nonce: str, content: Any) -> str:
    """Return the commitment to a content as hexadecimal digits."""
    message = bytes.fromhex(nonce) + canonical(content).encode("utf-8")
    return hashlib.sha256(b"requests-portal/commitment/v1\n" + message).hexdigest()


def text_or_file(value: str) -> str:
    """Return the text of a file if there is one of that name, else the value itself."""
    if os.path.exists(value):
        with open(value, encoding="utf-8", newline="") as file:
            return file.read()
    return value


def main() -> int:
    """Verify what the command line names; return the exit code."""
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Verifies an export of a Requests Portal.")
    parser.add_argument("path", nargs="?", default=here, help="the folder or the ZIP")
    parser.add_argument("--vkey", help="the key of the log, as text or file, from another source")
    parser.add_argument("--previous", metavar="FILE", help="the last checkpoint that you kept")
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="VKEY",
        help="the key of a witness, as text or file, which must have signed; may be repeated",
    )
    parser.add_argument(
        "--receipt",
        action="append",
        default=[],
        metavar="FILE",
        help="a receipt that a person shows, whose request must be there; may be repeated",
    )
    parser.add_argument("--receipt-vkey", metavar="VKEY", help="the key of receipts")
    chosen = parser.parse_args()

    def key_of(option: str, value: str, kind: int = 1) -> Key:
        if "+" not in value and not os.path.exists(value):
            parser.error(f"--{option}: neither a key nor a file with one: {value}")
        return read_key(text_or_file(value), kind)

    def text_of(option: str, value: str) -> str:
        # The text itself is taken as well.
        if "\n" not in value and not os.path.exists(value):
            parser.error(f"--{option}: there is no file {value}")
        return text_or_file(value)

    if not os.path.exists(chosen.path):
        parser.error(f"there is no file or folder {chosen.path}")
    try:
        files = Files(chosen.path)
        vkey = chosen.vkey
        key = key_of("vkey", vkey) if vkey else read_key(files.text("keys/vkey.txt"))
        previous = text_of("previous", chosen.previous) if chosen.previous else None
        export = Export(files, key, previous)
        if not vkey:
            export.unchecked.append(
                "that the key is the provider's: pass --vkey with the key that you got by another"
                " way than this export"
            )
        export.witnesses = [key_of("witness", each, 4) for each in chosen.witness]
        export.receipts = [text_of("receipt", each) for each in chosen.receipt]
        if chosen.receipt_vkey:
            export.receipt_key = key_of("receipt-vkey", chosen.receipt_vkey)
        export.verify()
        report = export.report()
    except Fault as fault:
        say(f"FAULT: {fault}")
        return 1
    except Exception as error:  # noqa: BLE001 - what reading comes upon, in anybody's bytes
        say(f"FAULT: the export is malformed: {type(error).__name__}: {error}")
        return 1
    say(*report)
    return 0


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output, as `head` does, has seen enough; Python writes the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
