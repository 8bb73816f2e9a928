"""A notice as plain text."""

from workflows.notices.document import Bullets, Document, Heading


def to_text(document: Document) -> str:
    """Return the notice as plain text: title, then a blank line between passages."""
    passages = [document.title]
    for node in document.nodes:
        match node:
            case Bullets(items):
                passages.append("\n".join(f"- {item}" for item in items))
            case Heading(text, level=1):
                passages.append(f"{text}\n{'-' * _width(text)}")
            case _:
                passages.append(node.text)
    return "\n\n".join(passages)


def _width(text: str) -> int:
    """Return how wide a line is in a fixed font, where a Han character takes two columns."""
    return sum(2 if ord(symbol) >= 0x2E80 else 1 for symbol in text)  # noqa: PLR2004
