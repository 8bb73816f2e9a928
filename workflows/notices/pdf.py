"""A notice as a tagged PDF (PDF/UA-1). What the font cannot show stands as its code point."""

from datetime import datetime
from pathlib import Path
from typing import Any

from workflows.notices.document import Bullets, Document, Heading, Node
from workflows.pdf import render_pdf
from workflows.pdf.fonts import Font, font

_TEMPLATE = Path(__file__).with_name("notice.typ")


def to_pdf(document: Document, author: str, at: datetime) -> bytes:
    """Return the notice as a PDF that bears the time `at`. Raises `FontNotFound`, `PdfError`."""
    ours = font()
    chinese = document.language.startswith("zh")
    data = {
        "title": ours.printable(document.title),
        "author": ours.printable(author),
        "lang": "zh" if chinese else document.language.partition("-")[0],
        "region": "cn" if chinese else None,
        "font": ours.family,
        "nodes": [_node(node, ours) for node in document.nodes],
    }
    return render_pdf(_TEMPLATE, data, at=at)


def _node(node: Node, ours: Font) -> dict[str, Any]:
    match node:
        case Bullets(items):
            return {"kind": "bullets", "items": [ours.printable(item) for item in items]}
        case Heading(text, level):
            return {"kind": "heading", "level": level, "text": ours.printable(text)}
        case _:
            return {"kind": "paragraph", "text": ours.printable(node.text)}
