"""How views answer: private pages, downloads in parts, CSV, errors of forms.

The web server sends a file without holding a thread for the time that its reader takes; what a
view yields would hold one.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.forms import BoundField, Form
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header
from django.utils.translation import get_language

from workflows.common.csv_lines import csv_header, csv_line

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


# Given to the web server at a time; the vault unseals as much at once.
_BLOCK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def private(view: View[P]) -> View[P]:
    """Keep a page out of every cache, and its address out of the `Referer` header.

    The policy is `strict-origin`, which tells other pages the name of this site and no path.
    `no-referrer` would make browsers send `Origin: null` with the forms of the page, and Django
    would then rightly refuse them as forged.
    """

    @wraps(view)
    def kept(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "strict-origin"
        return response

    return kept


def download(content: Iterable[bytes], name: str, media_type: str) -> StreamingHttpResponse:
    """Give bytes as a file that a browser saves and never shows."""
    response = StreamingHttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def wants_language(request: HttpRequest) -> bool:
    """Return whether a form was sent by its language switch, and is not to be acted upon."""
    return request.POST.get("go") == "language"


def remember_language(response: HttpResponse) -> HttpResponse:
    """Let the browser remember the language of this page, as Django's own switch does."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        get_language() or settings.LANGUAGE_CODE,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@dataclass(frozen=True, slots=True)
class PageError:
    """One line of the error summary: the id to which it leads, and how to mend it."""

    anchor: str
    message: str


def tell_next_page(request: HttpRequest, errors: Iterable[PageError]) -> None:
    """Keep errors for the page to which a redirect leads."""
    for error in errors:
        messages.error(request, error.message, extra_tags=error.anchor)


def told_errors(request: HttpRequest) -> list[PageError]:
    """Return the errors that the page before kept for this one, once.

    What staff were told in the same browser has no anchor, and is no error of this page.
    """
    told = messages.get_messages(request)
    return [PageError(each.extra_tags, each.message) for each in told if each.extra_tags]


def anchor_of(field: BoundField) -> str:
    """Return the id of the first control of a field."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.auto_id


def page_errors(*forms: Form) -> list[PageError]:
    """Return what is wrong in some forms, in the order of their fields."""
    return [
        PageError(anchor_of(field), str(message))
        for form in forms
        if form.is_bound
        for field in form
        for message in field.errors
    ]


def ranged_file(
    headers: Mapping[str, str], path: Path, *, name: str, etag: str, content_type: str
) -> HttpResponseBase:
    """Return a file to be saved, or the one part of it that `Range` asks for (RFC 9110, 14).

    `headers` are those of the request. A part is given only while the file is still the one with
    this entity tag. Several parts at once are not served; the whole file is given instead, as the
    standard allows.
    """
    size = path.stat().st_size
    part = _wanted_part(headers, size, f'"{etag}"')
    if part is None:
        start, end, status = 0, size, HTTPStatus.OK
    elif part[0] >= part[1]:
        refused = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    else:
        (start, end), status = part, HTTPStatus.PARTIAL_CONTENT
    response = _attachment(_Part(path, start, end), name, content_type, end - start)
    response.status_code = status
    if status == HTTPStatus.PARTIAL_CONTENT:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{etag}"'
    response["Cache-Control"] = "no-store"
    return response


def unsealed_file(
    pieces: Iterable[bytes], *, name: str, size: int, content_type: str
) -> FileResponse:
    """Return a file to be saved of which there are only pieces, and `size` bytes in all of them."""
    return _attachment(Pieces(pieces), name, content_type, size)


def _attachment(file: "_Part | Pieces", name: str, content_type: str, size: int) -> FileResponse:
    response = FileResponse(file, content_type=content_type)
    response.block_size = _BLOCK_BYTES
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _wanted_part(headers: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """Return (first byte, byte after the last) of the part asked for; None for the whole file."""
    match = _RANGE.fullmatch(headers.get("Range", ""))
    if match is None or match.groups() == ("", ""):
        return None
    if headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size


class _Part:
    """The bytes of a file from `start` to before `end`, as a file."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._path, self._start, self._left = path, start, end - start
        self._file: BinaryIO | None = None

    def read(self, size: int) -> bytes:
        """Return the next bytes; at the end none, and the file is closed.

        It is opened when something is read: a HEAD asks for nothing.
        """
        if self._file is None and self._left:
            self._file = self._path.open("rb")
            self._file.seek(self._start)
        piece = self._file.read(min(size, self._left)) if self._file and self._left else b""
        self._left -= len(piece)
        if not piece:
            self.close()
        return piece

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._file is not None:
            self._file.close()


class Pieces:
    """Bytes that come piece by piece, as a file; the next piece is made when it is read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer than `size` where a piece ends; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def close(self) -> None:
        """Make no more pieces, and let what makes them close what it has open."""
        close = getattr(self._pieces, "close", None)
        self._pieces, self._rest = iter(()), b""
        if close is not None:
            close()


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table to be saved as `name`.csv; what is unknown is an empty cell."""
    lines = [csv_line(["" if cell is None else str(cell) for cell in row]) for row in rows]
    return HttpResponse(
        csv_header(columns, bom=True) + b"".join(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
