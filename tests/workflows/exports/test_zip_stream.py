"""The ZIP is a stream whose manifest is written last."""

import hashlib
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest

from workflows.exports.files import Member, file_member, member, zip_pieces

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def zipped(members, head=dict):
    return b"".join(zip_pieces(members, head, AT, io.BytesIO()))


def test_members_keep_their_order_and_the_manifest_has_their_hashes(tmp_path):
    (tmp_path / "file").write_bytes(b"from the disk")
    members = [member("b/first", b"1"), file_member("second \u00e9", tmp_path / "file")]
    archive = zipfile.ZipFile(io.BytesIO(zipped(members, lambda: {"kind": "test"})))
    assert archive.testzip() is None
    assert archive.namelist() == ["b/first", "second \u00e9", "manifest.json"]
    assert json.loads(archive.read("manifest.json")) == {
        "kind": "test",
        "files": {
            "b/first": hashlib.sha256(b"1").hexdigest(),
            "second \u00e9": hashlib.sha256(b"from the disk").hexdigest(),
        },
    }


def test_the_head_of_the_manifest_is_asked_for_after_the_members():
    told = []

    def pieces():
        told.append("member")
        yield b"x"

    def head():
        told.append("head")
        return {}

    zipped([Member("x", 1, pieces())], head)
    assert told == ["member", "head"]


def test_the_same_members_give_the_same_bytes():
    assert zipped([member("a", b"1")]) == zipped([member("a", b"1")])


@pytest.mark.stack
def test_more_members_than_the_old_format_can_count():
    members = (member(f"{number}", b"") for number in range(66_000))
    archive = zipfile.ZipFile(io.BytesIO(zipped(members)))
    assert len(archive.namelist()) == 66_001


def test_a_large_member_passes_through_in_pieces():
    size = 32 * 1024 * 1024
    pieces = (bytes(1024 * 1024) for _piece in range(32))
    tracemalloc.start()
    try:
        for _piece in zip_pieces([Member("zeros", size, pieces)], dict, AT, io.BytesIO()):
            pass
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 4
