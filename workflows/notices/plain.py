"""A notice as plain text."""

from workflows.notices.document import Bullets, Document


def to_text(document: Document) -> str:
    """Return the notice as plain text: title, then a blank line between passages."""
    passages = [document.title]
    for node in document.nodes:
        match node:
            case Bullets(items):
                passages.append("\n".join(f"- {item}" for item in items))
            case _:
                passages.append(node.text)
    return "\n\n".join(passages)
