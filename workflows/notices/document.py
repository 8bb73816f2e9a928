"""A notice as data, before it is text, HTML or PDF: nodes in blocks, each block for one element.

Which elements a notice contains is known from its blocks; nothing is searched for in its text.
Pure: nothing here knows a case, a database or Django.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace


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
# What stands in the place of a placeholder; empty when there is nothing to say.
Value = str | tuple[Node, ...]


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
    return paragraphs(value) if isinstance(value, str) else value


def lowered(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return nodes with each heading one level lower, to stand below another heading."""
    return tuple(
        replace(node, level=node.level + 1) if isinstance(node, Heading) else node for node in nodes
    )
