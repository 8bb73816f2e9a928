"""A notice as data, before it is text, HTML or PDF: nodes in blocks, each block for one element.

Which elements a notice contains is known from its blocks; nothing is searched for in its text.
Pure: nothing here knows a case, a database or Django.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a notice; level 1 is the one below the title."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a line break in its text stays one."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: tuple[str, ...]


Node = Heading | Paragraph | Bullets


@dataclass(frozen=True, slots=True)
class Unknown:
    """The value of a placeholder for what nobody has recorded: empty, with the place to do so.

    `where` is a sentence for staff.
    """

    where: str

    def __bool__(self) -> bool:
        """Return that there is nothing to say."""
        return False


# What stands in the place of a placeholder; empty when there is nothing to say.
Value = str | tuple[Node, ...] | Unknown


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a notice. `element` is what the law calls for and this says; '' for free words.

    `complete` is False when words that the element cannot do without were empty.
    """

    element: str
    nodes: tuple[Node, ...]
    complete: bool = True

    @property
    def says_something(self) -> bool:
        """Return whether there is more here than headings."""
        return any(not isinstance(node, Heading) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole notice. `language` is a code such as `zh-hans`."""

    title: str
    language: str
    blocks: tuple[Block, ...]

    @property
    def elements(self) -> frozenset[str]:
        """Return the elements that the notice contains, none of them empty."""
        return frozenset(
            block.element
            for block in self.blocks
            if block.element and block.complete and block.says_something
        )

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return everything below the title, in order; blocks of headings only are left out."""
        return tuple(node for b in self.blocks if b.says_something for node in b.nodes)

    def without(self, element: str) -> "Document":
        """Return the same notice without the blocks of an element."""
        return replace(self, blocks=tuple(b for b in self.blocks if b.element != element))


def paragraphs(text: str) -> tuple[Node, ...]:
    """Return a text that a person wrote as paragraphs: an empty line ends one."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return tuple(Paragraph(part.strip()) for part in parts if part.strip())


def as_nodes(value: Value) -> tuple[Node, ...]:
    """Return a value as nodes."""
    if isinstance(value, Unknown):
        return ()
    return paragraphs(value) if isinstance(value, str) else value


def lower_first(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return nodes with each heading one level lower, to stand below another heading."""
    return tuple(
        replace(node, level=node.level + 1) if isinstance(node, Heading) else node for node in nodes
    )


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


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 36rem; padding: 2rem 1rem; line-height: 1.65;
font-family: system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }}
h1 {{ font-size: 1.4rem; line-height: 1.3; }}
h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
h3 {{ font-size: 1rem; }}
p, li {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def to_html(document: Document) -> str:
    """Return the notice as a page. All that a person wrote is escaped."""
    return _PAGE.format(
        language=escape(html_language(document.language)),
        title=escape(document.title),
        body=to_fragment(document),
    )


def fragment_of(page: str) -> str:
    """Return what stands below the title of a page that `to_html` made: as `to_fragment`."""
    return page.partition("</h1>\n")[2].rpartition("\n</main>")[0]


def to_fragment(document: Document) -> str:
    """Return what stands below the title, as HTML that is safe to show in a page of ours."""
    return "\n".join(_node(node) for node in document.nodes)


def html_language(language: str) -> str:
    """Return the code of a language as HTML writes it: `zh-Hans`."""
    return "zh-Hans" if language == "zh-hans" else language


def _node(node: Node) -> str:
    match node:
        case Bullets(items):
            return "<ul>{}</ul>".format("".join(f"<li>{_lines(item)}</li>" for item in items))
        case Heading(text, level):
            tag = f"h{min(level + 1, 6)}"
            return f"<{tag}>{_lines(text)}</{tag}>"
        case _:
            return f"<p>{_lines(node.text)}</p>"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
