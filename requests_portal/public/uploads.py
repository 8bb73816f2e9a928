"""Files as a browser sends them, turned into the uploads of the domain."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from requests_portal.presentation.responses import PageError
from workflows.cases.attachments import Upload

FIELD = "attachments"


def sent_uploads(request: HttpRequest) -> tuple[Upload, ...]:
    """Return the files of the field `attachments`, read from memory."""
    return tuple(
        Upload(name=file.name or "", content=file.read()) for file in request.FILES.getlist(FIELD)
    )


def was_too_large(request: HttpRequest) -> bool:
    """Return whether the files were larger together than is held in memory.

    An upload must not touch the disk in the clear, so such files were not taken at all.
    """
    length = request.headers.get("Content-Length") or "0"
    return (
        length.isascii() and length.isdigit() and int(length) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    )


def error(sentence: str) -> PageError:
    """Return why files were not kept, as a line that leads to their field."""
    return PageError(f"id_{FIELD}", sentence)


def too_large_sentence() -> str:
    """Return what to do about it."""
    return _(
        "The files are too large to be sent together. Send at most %(size)s MB at once, one file"
        " after the other if need be."
    ) % {"size": settings.ATTACHMENT_MAX_BYTES // 1024**2}
