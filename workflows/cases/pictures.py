"""Pictures without what was noted in them: place, time, device, names, previews, hidden films.

The parts that make a picture are kept byte by byte, in the order in which they stand, and all
others are left out, known or not. So no point changes, doing it again changes nothing, and nothing
is decoded in the web process: a picture that claims to be huge costs no more than another. Of the
notes one is kept: how the camera was held, without which a photograph lies on its side.
"""

import io
import re
import struct
import zlib
from collections.abc import Callable
from typing import Literal

from PIL import Image

# Pillow's own limit, above which it warns of a flood: about 89 million.
MAX_POINTS = Image.MAX_IMAGE_PIXELS or 0

_ORIENTATION = 0x0112
_EXIF_START = b"Exif\x00\x00"
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
# What Pillow raises where a picture, or what is noted in it, is not as it should be; warnings where
# the process takes them for errors.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
    Warning,
)

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_PARTS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT cICP bKGD pHYs acTL fcTL fdAT".split()
)
_WEBP_PARTS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_PART, _END, _SCAN, _JFIF, _EXIF = 0xFF, 0xD9, 0xDA, 0xE0, 0xE1
# Tables, frames and scans; of the rest, what says how colours are meant.
_JPEG_PARTS = frozenset((*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDC, 0xDD))
_JPEG_NAMED_PARTS = {_JFIF: b"JFIF\x00", 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}
# Within the points of a JPEG, 0xFF is followed by one of these.
_JPEG_NEXT_PART = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_WEBP_EXIF, _WEBP_NOTED = 0x08, 0x0C
_GIF_EXTENSIONS = frozenset((b"NETSCAPE2.0", b"ANIMEXTS1.0"))


class BrokenPicture(Exception):
    """The picture is damaged, breaks off, or is not of its type."""


class TooManyPoints(Exception):
    """The picture is, or claims to be, larger than `MAX_POINTS`."""


def is_picture(media_type: str) -> bool:
    """Return whether a file of this type is a picture."""
    return media_type in _FORMATS


def without_metadata(content: bytes, media_type: str) -> bytes:
    """Return a picture without its notes. Raises `BrokenPicture` or `TooManyPoints`."""
    reader = _Reader(content)
    kept = _PARTS[media_type](reader)
    _check(b"".join(kept), media_type)
    held = _orientation(reader.exif)
    return b"".join(_NOTED[media_type](kept, held) if held else kept)


def _check(content: bytes, media_type: str) -> None:
    """Let Pillow read the header, and of a PNG the check sums; it sees no notes of strangers."""
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as picture:
            points = picture.width * picture.height
            picture.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPoints from error
    except _UNREADABLE as error:
        raise BrokenPicture from error
    if points > MAX_POINTS:
        raise TooManyPoints


def _orientation(noted: bytes) -> bytes:
    """Return how the camera was held, as EXIF of one entry; nothing for upright or unknown."""
    notes, kept = Image.Exif(), Image.Exif()
    try:
        notes.load(noted)
        held = notes.get(_ORIENTATION)
    except _UNREADABLE:
        return b""
    if held not in range(2, 9):
        return b""
    kept[_ORIENTATION] = held
    return kept.tobytes().removeprefix(_EXIF_START)


class _Reader:
    """Reads a picture from its beginning; raises `BrokenPicture` where it breaks off."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0
        self.exif = b""

    def take(self, count: int) -> bytes:
        taken = self.content[self.at : self.at + count]
        if len(taken) < count:
            raise BrokenPicture
        self.at += count
        return taken

    def number(self, count: int, order: Literal["big", "little"] = "big") -> int:
        return int.from_bytes(self.take(count), order)

    def since(self, start: int) -> bytes:
        """Return what was read from `start` on."""
        return self.content[start : self.at]


def _png(reader: _Reader) -> list[bytes]:
    parts = [reader.take(len(_PNG_START))]
    name = b""
    while name != b"IEND":
        start = reader.at
        size, name = reader.number(4), reader.take(4)
        body = reader.take(size)
        reader.take(4)
        if name in _PNG_PARTS:
            parts.append(reader.since(start))
        elif name == b"eXIf":
            reader.exif = body
    return parts


def _noted_png(parts: list[bytes], exif: bytes) -> list[bytes]:
    body = b"eXIf" + exif
    part = len(exif).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    return [*parts[:2], part, *parts[2:]]


def _jpeg(reader: _Reader) -> list[bytes]:
    parts = [reader.take(2)]
    while (marker := _jpeg_marker(reader)) != _END:
        size = reader.number(2)
        body = reader.take(max(size - 2, 0))
        if marker == _JFIF:
            body = body[:12] + bytes(2)  # without a preview
        elif marker == _EXIF and body.startswith(_EXIF_START):
            reader.exif = reader.exif or body.removeprefix(_EXIF_START)
        named = _JPEG_NAMED_PARTS.get(marker)
        if marker in _JPEG_PARTS or (named and body.startswith(named)):
            parts.append(_jpeg_part(marker, body))
        if marker == _SCAN:
            end = _JPEG_NEXT_PART.search(reader.content, reader.at)
            if end is None:
                raise BrokenPicture
            parts.append(reader.take(end.start() - reader.at))
    return [*parts, bytes([_PART, _END])]


def _noted_jpeg(parts: list[bytes], exif: bytes) -> list[bytes]:
    # Where there is one, this must be the first part.
    after = 2 if parts[1].startswith(bytes([_PART, _JFIF])) else 1
    return [*parts[:after], _jpeg_part(_EXIF, _EXIF_START + exif), *parts[after:]]


def _jpeg_part(marker: int, body: bytes) -> bytes:
    return bytes([_PART, marker]) + (len(body) + 2).to_bytes(2) + body


def _jpeg_marker(reader: _Reader) -> int:
    if reader.number(1) != _PART:
        raise BrokenPicture
    marker = _PART
    while marker == _PART:  # it may be repeated
        marker = reader.number(1)
    return marker


def _webp(reader: _Reader) -> list[bytes]:
    reader.take(4)
    size = reader.number(4, "little")
    if reader.take(4) != b"WEBP" or size < 4:  # noqa: PLR2004 - the name itself
        raise BrokenPicture
    inner = _Reader(reader.take(size - 4))
    return _riff(_webp_parts(inner, reader))


def _riff(parts: list[bytes]) -> list[bytes]:
    size = sum(len(part) for part in parts) + 4
    return [b"RIFF" + size.to_bytes(4, "little") + b"WEBP", *parts]


def _webp_parts(reader: _Reader, outer: _Reader) -> list[bytes]:
    parts = []
    while reader.at < len(reader.content):
        name, size = reader.take(4), reader.number(4, "little")
        body = reader.take(size)
        reader.at += size % 2  # the last of a file may lack its filler
        if name == b"VP8X":
            flags = _Reader(body).number(1)
            body = bytes([flags & ~_WEBP_NOTED]) + body[1:]
        elif name == b"ANMF":
            body = body[:16] + b"".join(_webp_parts(_Reader(body[16:]), outer))
        elif name == b"EXIF":
            outer.exif = body.removeprefix(_EXIF_START)
        if name in _WEBP_PARTS:
            parts.append(_webp_part(name, body))
    return parts


def _webp_part(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def _noted_webp(parts: list[bytes], exif: bytes) -> list[bytes]:
    _start, flags, *rest = parts
    if not flags.startswith(b"VP8X"):  # without it, nothing but the points can be told
        return parts
    flags = flags[:8] + bytes([flags[8] | _WEBP_EXIF]) + flags[9:]
    return _riff([flags, *rest, _webp_part(b"EXIF", exif)])


def _gif(reader: _Reader) -> list[bytes]:
    screen = reader.take(13)
    parts = [screen, _colours(reader, screen[10])]
    while (kind := reader.take(1)) != b";":
        start = reader.at - 1
        if kind == b",":
            _colours(reader, reader.take(9)[8])
            reader.take(1)
            _blocks(reader)
            parts.append(reader.since(start))
        elif kind == b"!":
            label = reader.take(1)
            name = _blocks(reader)
            if label == b"\xf9" or (label == b"\xff" and name in _GIF_EXTENSIONS):
                parts.append(reader.since(start))
        else:
            raise BrokenPicture
    return [*parts, kind]


def _colours(reader: _Reader, flags: int) -> bytes:
    """Read the table of colours that the flags say is there."""
    return reader.take(3 << (flags & 7) + 1) if flags & 0x80 else b""


def _blocks(reader: _Reader) -> bytes:
    """Read blocks up to the empty one, and return the first."""
    first = block = reader.take(reader.number(1))
    while block:
        block = reader.take(reader.number(1))
    return first


_PARTS: dict[str, Callable[[_Reader], list[bytes]]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}
_NOTED: dict[str, Callable[[list[bytes], bytes], list[bytes]]] = {
    "image/png": _noted_png,
    "image/jpeg": _noted_jpeg,
    "image/webp": _noted_webp,
}
