"""Pictures as cameras and programs write them, with what they note about place, time and people."""

import io
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

# Each stands somewhere in every picture of `noted`, in a part of its own.
NOTES = ("Alma Camera 3000", "Erika Beispiel", "2026:03:04 05:06:07", "behind the harbour")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>behind the harbour</rdf:RDF></x:xmpmeta>'
ORIENTATION = 0x0112
GPS = 0x8825
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}


def points(size: tuple[int, int] = (48, 32), mode: str = "RGB") -> Image.Image:
    """A picture of which no two corners are alike."""
    width, height = size
    picture = Image.new("RGB", size)
    picture.putdata(
        [
            (x * 255 // width, y * 255 // height, (x * y) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    return picture.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    notes = Image.Exif()
    notes[ORIENTATION] = orientation
    notes[0x010F] = NOTES[0]
    notes[0x013B] = NOTES[1]
    notes[0x0132] = NOTES[2]
    notes[GPS] = {1: "N", 2: (53.0, 32.0, 45.6), 3: "E", 4: (9.0, 58.0, 1.2)}
    return notes


def noted(media_type: str, orientation: int = 1, **options: object) -> bytes:
    """A picture of this type with notes in every place that the format has for them."""
    out = io.BytesIO()
    known = FORMATS[media_type]
    if known == "GIF":
        frames = [points(), points().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
        frames[0].save(
            out,
            known,
            save_all=True,
            append_images=frames[1:],
            duration=[70, 90],
            loop=3,
            comment="\n".join(NOTES[:3]).encode(),
            **options,
        )
        return _with_xmp_in_gif(out.getvalue())
    more: dict[str, object] = {"exif": exif(orientation), "xmp": XMP, **options}
    if known == "PNG":
        info = PngInfo()
        info.add_text("Author", NOTES[1])
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        info.add_text("Comment", NOTES[3], zip=True)
        more["pnginfo"] = info
    elif known == "JPEG":
        more["comment"] = NOTES[3]
    points().save(out, known, **more)
    content = out.getvalue()
    if known == "JPEG":
        # IPTC as Photoshop writes it, and a second picture behind the first as phones do.
        iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + NOTES[1].encode()
        content = content[:2] + _segment(0xED, iptc) + content[2:] + noted_trailer()
    return content


def noted_trailer() -> bytes:
    """What a phone puts behind a picture: a small film, with its own notes."""
    return b"\x00\x00\x00\x18ftypmp42" + NOTES[3].encode()


def plain(media_type: str, **options: object) -> bytes:
    """A picture of this type without notes."""
    out = io.BytesIO()
    points().save(out, FORMATS[media_type], **options)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG that says it is this large, in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def _with_xmp_in_gif(content: bytes) -> bytes:
    assert content.endswith(b";")
    trailer = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\x00"
    return content[:-1] + b"!\xff\x0bXMP DataXMP" + XMP + trailer + b";"
