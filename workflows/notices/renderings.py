"""The three files of a notice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from workflows.notices.document import Document
from workflows.notices.markup import to_html
from workflows.notices.pdf import to_pdf
from workflows.notices.plain import to_text


@dataclass(frozen=True, slots=True)
class Rendering:
    """One form of a notice: the ending of its file, its media type, and how it is made."""

    ending: str
    media_type: str
    render: Callable[[Document, datetime], bytes]


RENDERINGS = (
    Rendering("pdf", "application/pdf", lambda d, at: to_pdf(d, settings.PROVIDER_NAME, at)),
    Rendering("html", "text/html", lambda d, _at: to_html(d).encode()),
    Rendering("txt", "text/plain", lambda d, _at: to_text(d).encode()),
)
