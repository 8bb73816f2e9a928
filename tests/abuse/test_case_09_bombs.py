"""Abuse case 9: archives, office files and pictures that grow are refused before they grow."""

import io
import struct
import zipfile
import zlib

import pytest

from workflows.cases.attachments import Upload, check_uploads


def archive(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return file.getvalue()


def flood(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be this large."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checked = name + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "content",
    [
        archive("zeros", bytes(1_000_000)),
        archive("inner.zip", archive("zeros", bytes(1_000_000))),
        archive("word/document.xml", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'),
        flood(60_000, 60_000),
    ],
    ids=["zip bomb", "nested zip", "entities in an office file", "pixel flood"],
)
@pytest.mark.parametrize("name", ["note.zip", "picture.png", "letter.docx"])
def test_what_would_grow_is_refused(name, content):
    assert set(check_uploads((Upload(name, content),))) == {"attachments"}
