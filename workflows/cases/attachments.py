"""Files that come with a case: checked by content, sealed, and given back as downloads only."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import puremagic
from django.conf import settings
from django.utils.translation import gettext as _

from workflows.cases.models import Attachment, Case
from workflows.cases.pictures import BrokenPicture, TooManyPoints, is_picture, without_metadata
from workflows.outbox.services import enqueue
from workflows.vault import files

# What may be uploaded, by content. Pictures, PDF and plain text: nothing that a viewer executes.
MEDIA_TYPES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
}
MAX_NAME = 120
# The effect by which a locked file is judged; see `malware`.
SCAN = "cases.scan_attachment"


class FileLocked(Exception):
    """The file waits for the malware scan or holds malware: nobody is given it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in: the name that the sender gave it, and its bytes."""

    name: str
    content: bytes


def media_type(content: bytes) -> str:
    """Return the type of a file by its content, or an empty text when it is none that we take.

    A file which is of two types at once, such as a picture with an archive behind it, is none.
    """
    try:
        found = str(puremagic.from_string(content, mime=True))
    except (puremagic.PureError, ValueError):
        found = ""
    if found in MEDIA_TYPES and found != "text/plain":
        return "" if _is_something_else_too(content, found) else found
    return "text/plain" if _is_plain_text(content) else ""


def _is_something_else_too(content: bytes, found: str) -> bool:
    # A ZIP archive is read from its end: the record there, and a comment of at most 64 KB.
    if b"PK\x05\x06" in content[-(22 + 65_535) :]:
        return True
    if found == "application/pdf":
        return b"%%EOF" not in content[-1024:]
    markup = content.lower()
    return any(tag in markup for tag in (b"<script", b"<html", b"<!doctype"))


def _is_plain_text(content: bytes) -> bool:
    """Return whether this is UTF-8 text which no viewer would take for markup (HTML, SVG, XML)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if text.lstrip().startswith("<"):
        return False
    return not any(ord(symbol) < ord(" ") and symbol not in "\t\r\n\f" for symbol in text)


def safe_name(name: str, kind: str) -> str:
    """Return a file name that can do no harm: no path, no control or direction characters.

    The ending is the one of the type found in the content, whatever the sender called it.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = "".join(symbol for symbol in base if symbol.isprintable())
    stem = base.rsplit(".", 1)[0].strip(". ")[:MAX_NAME]
    return (stem or _("file")) + MEDIA_TYPES[kind]


def check_uploads(uploads: tuple[Upload, ...], already: int = 0) -> dict[str, list[str]]:
    """Return what is wrong with files to be added, as sentences under the key `attachments`."""
    sentences = []
    if len(uploads) + already > settings.ATTACHMENT_MAX_COUNT:
        sentences.append(
            _("Add at most %(count)s files.") % {"count": settings.ATTACHMENT_MAX_COUNT}
        )
    for upload in uploads:
        if len(upload.content) > settings.ATTACHMENT_MAX_BYTES:
            sentences.append(
                _("A file may have at most %(size)s MB.")
                % {"size": settings.ATTACHMENT_MAX_BYTES // 1024**2}
            )
        elif not upload.content:
            sentences.append(_("A file is empty. Choose it again."))
        elif not media_type(upload.content):
            sentences.append(_("Choose pictures (PNG, JPEG, GIF, WebP), PDF or plain text files."))
        else:
            sentences += _problems_of_picture(upload.content)
    return {"attachments": sentences} if sentences else {}


def _problems_of_picture(content: bytes) -> list[str]:
    try:
        kept_content(content)
    except BrokenPicture:
        return [_("A picture is damaged or incomplete. Save it again, or send a screenshot of it.")]
    except TooManyPoints:
        return [_("A picture has too many pixels. Make it smaller, or send a screenshot of it.")]
    return []


def kept_content(content: bytes) -> bytes:
    """Return what is kept of a file: of a picture, not where and with what it was taken.

    Raises `BrokenPicture` or `TooManyPoints`.
    """
    kind = media_type(content)
    return without_metadata(content, kind) if is_picture(kind) else content


def add_attachments(
    case: Case, uploads: tuple[Upload, ...], *, from_person: bool, at: datetime
) -> list[dict[str, str | int]]:
    """Seal checked files into the case; return what the log commits to for each of them.

    Call inside the transaction that records the event.
    """
    described: list[dict[str, str | int]] = []
    scanned = from_person and bool(settings.CLAMD_ADDRESS)
    for upload in uploads:
        kind, content = media_type(upload.content), kept_content(upload.content)
        attachment = Attachment.objects.create(
            case=case,
            file=files.store(case.data_key, content),
            name=safe_name(upload.name, kind),
            media_type=kind,
            size=len(content),
            from_person=from_person,
            added_at=at,
            scan=Attachment.Scan.WAITING if scanned else Attachment.Scan.NONE,
        )
        if scanned:
            about = str(attachment.pk)
            enqueue(SCAN, key=f"{SCAN}:{about}", payload={"attachment": about})
        described.append(
            {
                "id": str(attachment.pk),
                "name": attachment.name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": attachment.size,
                "type": kind,
            }
        )
    return described


def read_attachment(attachment: Attachment) -> Iterator[bytes]:
    """Yield the bytes of an attachment, unsealed piece by piece. Raises `FileLocked`."""
    if attachment.is_locked:
        raise FileLocked
    return files.read(attachment.file)
