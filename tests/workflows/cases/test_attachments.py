"""Files from strangers: judged by content, named without harm, kept sealed."""

import io
import zipfile
import zlib

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import file, make_case
from workflows.cases import attachments, correspondence
from workflows.cases.attachments import (
    MAX_NAME,
    MEDIA_TYPES,
    Upload,
    add_attachments,
    check_uploads,
    media_type,
    read_attachment,
    safe_name,
)
from workflows.cases.errors import InvalidFiling
from workflows.ledger.models import Event
from workflows.vault.models import StoredFile


def png() -> bytes:
    """A complete picture of one point."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = (1).to_bytes(4) + (1).to_bytes(4) + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00\x00"))
        + chunk(b"IEND", b"")
    )


def archive(name: str = "a.txt") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        writer.writestr(name, "text")
    return packed.getvalue()


PNG = png()
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(16) + b"\xff\xd9"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/" + bytes(12)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><body><script>alert(1)</script></body></html>"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (WEBP, "image/webp"),
        (PDF, "application/pdf"),
        (b"plain words", "text/plain"),
        ("简体中文\n第二行\t".encode(), "text/plain"),
    ],
)
def test_pictures_pdf_and_plain_text_are_taken(content, kind):
    assert media_type(content) == kind
    assert kind in MEDIA_TYPES


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b'<?xml version="1.0"?>' + SVG,
        b"\n\n  <!-- a picture -->\n" + SVG,
        "﻿".encode() + SVG,
        HTML,
        b"   \n<HTML><head></head></HTML>",
        b"<script>alert(1)</script>",
        b"<iframe src='//evil.example'></iframe>",
        archive(),
        archive("word/document.xml"),
        b"MZ" + bytes(200),
        b"\x7fELF" + bytes(200),
        bytes(64),
        b"text with \x00 inside",
        b"text with \x1b[31m escape",
        "王小明".encode("gb18030"),
        # Two kinds at once.
        PNG + archive(),
        PNG + HTML,
        GIF[:-1] + b"/*" + HTML + b"*/;",
        b"%PDF-1.4\n" + HTML,
        archive() + PDF,
    ],
    ids=range(21),
)
def test_what_a_viewer_may_execute_or_unpack_is_refused(content):
    assert media_type(content) == ""
    assert set(check_uploads((Upload("innocent.png", content),))) == {"attachments"}


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_an_error(content):
    assert media_type(content) in {"", *MEDIA_TYPES}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("photo.png", "photo.png"),
        ("photo.jpeg", "photo.png"),
        ("invoice.pdf.exe", "invoice.pdf.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\me\\截图.PNG", "截图.png"),
        ("..", "file.png"),
        ("", "file.png"),
        (".htaccess", "file.png"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie: x=1.png"),
        ("gpj.\u202eexe", "gpj.png"),
        ("\u202egpj.exe", "gpj.png"),
        ("x" * 500 + ".png", "x" * MAX_NAME + ".png"),
        ("a\ud83db.png", "ab.png"),
    ],
)
def test_a_name_is_cleaned_and_ends_as_its_content_says(name, kept):
    assert safe_name(name, "image/png") == kept


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_no_name_can_do_harm(name):
    kept = safe_name(name, "application/pdf")

    assert kept.endswith(".pdf")
    assert len(kept) <= MAX_NAME + 4
    assert kept.isprintable()
    assert not {"/", "\\"} & set(kept)
    assert not kept.startswith(".")
    kept.encode()


@pytest.mark.parametrize(
    ("uploads", "already", "right"),
    [
        ([PNG] * 5, 0, True),
        ([PNG] * 6, 0, False),
        ([PNG], 4, True),
        ([PNG], 5, False),
        ([b""], 0, False),
        ([PNG, HTML], 0, False),
        ([], 5, True),
    ],
)
def test_number_and_content_of_files_are_limited(uploads, already, right):
    checked = check_uploads(tuple(Upload("x", content) for content in uploads), already)

    assert (checked == {}) == right


def test_a_file_that_is_too_large_is_refused(settings):
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024

    assert check_uploads((Upload("x.txt", b"x" * 1024 * 1024),)) == {}
    (sentence,) = check_uploads((Upload("x.txt", b"x" * (1024 * 1024 + 1)),))["attachments"]
    assert "1 MB" in sentence


@pytest.mark.django_db
def test_a_file_comes_back_as_it_was_and_lies_sealed():
    case = file(uploads=(Upload("shot.png", PNG), Upload("chat.txt", "聊天".encode()))).case

    first, second = case.attachments.order_by("pk").order_by("size")
    assert (first.name, first.media_type, first.size) == ("chat.txt", "text/plain", 6)
    assert b"".join(read_attachment(second)) == PNG
    assert PNG[16:] not in second.file.content


@pytest.mark.django_db
def test_the_log_commits_to_each_file_by_its_digest():
    case = make_case()

    described = add_attachments(case, (Upload("a.png", PNG),), from_person=True, at=timezone.now())

    assert described == [
        {
            "id": str(case.attachments.get().pk),
            "name": "a.png",
            "sha256": attachments.hashlib.sha256(PNG).hexdigest(),
            "size": len(PNG),
            "type": "image/png",
        }
    ]


@pytest.mark.django_db
def test_a_refused_file_refuses_the_whole_message():
    case = make_case()
    events = Event.objects.count()

    with pytest.raises(InvalidFiling):
        correspondence.write_to_provider(
            case, "See the files.", (Upload("a.png", PNG), Upload("b.svg", SVG))
        )

    assert not case.messages.exists()
    assert not StoredFile.objects.exists()
    assert Event.objects.count() == events
