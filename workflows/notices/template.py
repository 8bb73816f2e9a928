"""The small language in which the texts of notices are written, and how one is filled in.

    # Case {case_number}: we need more time         the title, in the first line
    A paragraph is one line or more.

    [[reasons]]                                     from here on: the element `reasons`
    ## Why                                          a heading
    {reasons}                                       a placeholder alone: a whole passage
    - a line of a list

    [[]]                                            from here on: free words again

`{{` and `}}` stand for braces. Nothing else has a meaning: no conditions, no loops, no code. A
line whose placeholders all turn out empty is left out. Pure.
"""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.notices.document import (
    Block,
    Bullets,
    Document,
    Heading,
    Node,
    Paragraph,
    Value,
    as_nodes,
)

_MARK = re.compile(r"\[\[([a-z_]*)\]\]")
_NAME = re.compile(r"[a-z_]+")


class TemplateSyntaxError(ValueError):
    """A text cannot be read. `line` counts from 1; `fault` is what was found there."""

    def __init__(self, line: int, fault: str) -> None:
        self.line = line
        self.fault = fault
        super().__init__(f"line {line}: {fault}")


# Literal words and the name of the placeholder that follows them; '' for none.
Pieces = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text: its kind (`title`, `heading`, `bullet`, `words`) and its pieces.

    `joins` says that it belongs to the same paragraph as the line before it.
    """

    number: int
    kind: str
    pieces: Pieces
    joins: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return the placeholders in it, in order."""
        return tuple(name for _words, name in self.pieces if name)

    @property
    def passage(self) -> str:
        """Return the placeholder that is all of this line, '' if there are other words."""
        if self.kind == "words" and len(self.pieces) == 1 and not self.pieces[0][0]:
            return self.pieces[0][1]
        return ""


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one element; `element` is '' for free words."""

    number: int
    element: str
    lines: tuple[Line, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the placeholders in it."""
        return frozenset(name for line in self.lines for name in line.names)


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was read."""

    title: Line
    sections: tuple[Section, ...]

    @property
    def elements(self) -> frozenset[str]:
        """Return the elements that this text has words for."""
        return frozenset(s.element for s in self.sections if s.element and s.lines)

    def section(self, element: str) -> Section | None:
        """Return the first section of an element."""
        return next((s for s in self.sections if s.element == element), None)


def parse(body: str) -> Template:
    """Read a text. Raises `TemplateSyntaxError`."""
    lines = body.replace("\r\n", "\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None or not lines[first].startswith("# "):
        raise TemplateSyntaxError((first or 0) + 1, "#")
    title = Line(first + 1, "title", _pieces(first + 1, lines[first][2:].strip()))
    sections: list[Section] = []
    element, start, passages, joins = "", first + 2, list[Line](), False
    for number, raw in enumerate(lines[first + 1 :], start=first + 2):
        line = raw.strip()
        mark = _MARK.fullmatch(line)
        kind = "heading" if line.startswith("## ") else "bullet" if line.startswith("- ") else ""
        if mark:
            sections.append(Section(start, element, tuple(passages)))
            element, start, passages = mark[1], number, []
        elif kind:
            passages.append(Line(number, kind, _pieces(number, line.lstrip("#-").strip())))
        elif line:
            passages.append(Line(number, "words", _pieces(number, line), joins=joins))
        joins = bool(line) and not mark and not kind and not passages[-1].passage
    sections.append(Section(start, element, tuple(passages)))
    return Template(title, tuple(s for s in sections if s.element or s.lines))


def _pieces(number: int, words: str) -> Pieces:
    """Cut a line at its placeholders. Raises `TemplateSyntaxError` for a brace that is none."""
    pieces = []
    try:
        for literal, name, spec, conversion in string.Formatter().parse(words):
            if name is not None and (spec or conversion or not _NAME.fullmatch(name)):
                raise TemplateSyntaxError(number, "{" + name + "}")
            pieces.append((literal, name or ""))
    except ValueError as error:
        if isinstance(error, TemplateSyntaxError):
            raise
        raise TemplateSyntaxError(number, "{ }") from None
    return tuple(pieces)


def render(
    template: Template,
    values: Mapping[str, Value],
    needed: Mapping[str, frozenset[str]],
    language: str,
) -> Document:
    """Put values in the places of the placeholders.

    `needed` says which placeholders an element cannot do without. A value is never read as a text
    of this language: what a person wrote stays words. Raises `KeyError` for an unknown name.
    """
    blocks = tuple(render_section(s, values, needed) for s in template.sections)
    return Document(_inline(template.title, values), language, blocks)


def render_section(
    section: Section, values: Mapping[str, Value], needed: Mapping[str, frozenset[str]]
) -> Block:
    """Fill one section in."""
    nodes: list[Node] = []
    begun = False
    for line in section.lines:
        begun = begun and line.joins
        if line.passage:
            nodes += as_nodes(values[line.passage])
        elif line.names and not any(values[name] for name in line.names):
            continue
        elif begun and isinstance(nodes[-1], Paragraph):
            nodes[-1] = Paragraph(f"{nodes[-1].text}\n{_inline(line, values)}")
        elif line.kind == "heading":
            nodes.append(Heading(_inline(line, values)))
        elif line.kind == "bullet":
            _append_bullet(nodes, _inline(line, values))
        else:
            nodes.append(Paragraph(_inline(line, values)))
            begun = True
    must = needed.get(section.element, frozenset())
    complete = must <= section.names and all(values[name] for name in must)
    return Block(section.element, tuple(nodes), complete)


def _append_bullet(nodes: list[Node], text: str) -> None:
    if nodes and isinstance(nodes[-1], Bullets):
        nodes[-1] = Bullets((*nodes[-1].items, text))
    else:
        nodes.append(Bullets((text,)))


def _inline(line: Line, values: Mapping[str, Value]) -> str:
    return "".join(words + (_words(values[name]) if name else "") for words, name in line.pieces)


def _words(value: Value) -> str:
    if not isinstance(value, str):
        raise TypeError("A passage stands on a line of its own.")
    return value
