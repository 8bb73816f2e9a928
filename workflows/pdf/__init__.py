"""Writes PDF documents with Typst: tagged, for people who use a screen reader, and in Chinese too.

A document is a `.typ` file of the package that needs it. What stands in it travels apart from it,
as JSON in `sys.inputs.data`: a text of a person is a value there, and never becomes markup. Nothing
is read but the template's own folder, and nothing from the network.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflows.pdf.fonts import font_file

if TYPE_CHECKING:
    from typst import Fonts


class PdfError(Exception):
    """A document cannot be written: the template is at fault, or data that it needs are missing."""


def render_pdf(template: Path, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF/UA document of a template and its data. Raises `PdfError`.

    The template reads `json(bytes(sys.inputs.data))`; `at` is the time that the document bears.
    """
    # A compiler of some fifty megabytes: only the process that writes a document carries it.
    import typst

    try:
        written = typst.compile(
            template,
            root=template.parent,
            font_paths=_fonts(font_file().parent),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["ua-1"],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise PdfError(error.diagnostic or str(error)) from error
    assert isinstance(written, bytes)
    return written


@cache
def _fonts(folder: Path) -> "Fonts":
    from typst import Fonts

    return Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
