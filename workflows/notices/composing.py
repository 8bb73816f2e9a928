"""Composing a notice: the text that the law selects, filled with the facts of the case.

What the notice must contain is the union of what the regimes of the case prescribe. Where the text
of the leading regime has no words for an element of another, those of the other are added; where
the text in use has none for an element that the law prescribed when the case was filed, those of
the text that was in use before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.notices.clauses import PLACEHOLDERS, PREFIX, clauses
from workflows.notices.document import Block, Document, Node, Unknown, Value
from workflows.notices.elements import REQUIRED_PLACEHOLDERS
from workflows.notices.errors import ElementMissing
from workflows.notices.facts import NoticeFacts
from workflows.notices.kinds import DEFINITIONS
from workflows.notices.languages import language_of
from workflows.notices.template import parse, render, render_section
from workflows.notices.texts import (
    ActiveText,
    active_text,
    elements_prescribed,
    texts_so_far,
)
from workflows.notices.values import RecipientLocale, common_values, further_remedies
from workflows.regimes.rules.regime import Regime


@dataclass(frozen=True, slots=True)
class ComposedNotice:
    """A notice that was not sent yet: what it says, from which texts, and what it must say.

    `prescribed` maps the kinds that it consists of to the elements that the law calls for there,
    `contained` to those that are there.
    """

    kind: str
    regime: str
    document: Document
    texts: tuple[ActiveText, ...]
    prescribed: Mapping[str, frozenset[str]]
    contained: Mapping[str, frozenset[str]]
    # Where what is missing can be filled in, by element, in sentences for staff.
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def missing(self) -> dict[str, frozenset[str]]:
        """Return the elements that the law calls for and that are not there, by kind."""
        gaps = {kind: self.prescribed[kind] - self.contained[kind] for kind in self.prescribed}
        return {kind: gap for kind, gap in gaps.items() if gap}

    def check(self) -> None:
        """Raise `ElementMissing` if this may not be sent."""
        for kind, gap in self.missing.items():
            where = [each for element in sorted(gap) for each in self.unknown.get(element, ())]
            raise ElementMissing(kind, gap, where)


def compose(
    case: Case, kind: str, facts: NoticeFacts, regime: Regime | None = None
) -> ComposedNotice:
    """Compose a notice in the language of the case.

    With a `regime`, the notice is one of that law alone; otherwise of all laws of the case, in the
    words of the leading one.
    """
    lead = regime or case.lead_regime
    laws = (regime,) if regime else case.laws
    language = language_of(case.language)
    reader = RecipientLocale(case, lead, language)
    text = active_text(lead.code, kind, language)
    with translation.override(language), timezone.override(reader.zone):
        return compose_from(reader, kind, facts, text, laws)


def compose_from(
    reader: RecipientLocale,
    kind: str,
    facts: NoticeFacts,
    text: ActiveText,
    laws: Iterable[Regime],
    *,
    invented: bool = False,
) -> ComposedNotice:
    """Compose a notice from a given text, with the reader's language active.

    What the text lacks of the elements of `laws` is added from the texts of these. One that is
    `invented` shows clauses that nobody has attested. Raises `TypeError` for facts of another kind.
    """
    definition, laws = DEFINITIONS[kind], list(laws)
    if not isinstance(facts, definition.facts):
        raise TypeError(f"A notice of the kind {kind} is not made from {type(facts).__name__}.")
    values = _Values(
        {
            **dict.fromkeys(definition.all_placeholders - PLACEHOLDERS, ""),
            **common_values(reader, laws),
            **facts.values(reader),
        },
        reader.language,
        invented=invented,
    )
    document = render(parse(text.body), values, REQUIRED_PLACEHOLDERS, reader.language)
    told_of = facts.item_kinds
    prescribed: set[str] = set(elements_prescribed(reader.regime, kind, told_of))
    texts = [text]
    for law in laws:
        elements = set(elements_prescribed(law, kind, told_of))
        prescribed |= elements
        if elements <= document.elements:
            continue
        for borrowed in texts_so_far(law.code, kind, reader.language):
            lacking = elements - document.elements
            if not lacking:
                break
            if borrowed.body == text.body:
                continue
            blocks = tuple(
                render_section(section, values, REQUIRED_PLACEHOLDERS)
                for section in parse(borrowed.body).sections
                if section.element in lacking
            )
            if blocks:
                document = replace(document, blocks=_with(document.blocks, blocks))
                texts.append(borrowed)
    document = _with_further(document, further_remedies(reader, laws))
    needless = facts.needless
    document = replace(
        document, blocks=tuple(b for b in document.blocks if b.element not in needless)
    )
    prescribed -= needless
    return ComposedNotice(
        kind,
        reader.regime.code,
        document,
        tuple(texts),
        {kind: frozenset(prescribed)},
        {kind: document.elements},
        {
            element: tuple(unknown)
            for element in prescribed - document.elements
            if (unknown := _unknown(element, values))
        },
    )


class _Values(dict[str, Value]):
    """The values of a notice; its clauses are read when a text has the first of them."""

    def __init__(self, values: Mapping[str, Value], language: str, *, invented: bool) -> None:
        super().__init__(values)
        self._language = language
        self._invented = invented

    def __missing__(self, name: str) -> Value:
        if name not in PLACEHOLDERS:
            raise KeyError(name)
        for clause in clauses():
            words: Value = clause.words.get(self._language, "")
            if not (clause.is_attested or self._invented):
                words = Unknown(
                    _("Counsel has to attest the clause “%(clause)s” first, under Settings.")
                    % {"clause": clause.label}
                )
            self[f"{PREFIX}{clause.code}"] = words
        return self[name]


def _unknown(element: str, values: Mapping[str, Value]) -> list[str]:
    """Return where what an element needs can be filled in, as far as that is known."""
    needed = (values[name] for name in sorted(REQUIRED_PLACEHOLDERS.get(element, frozenset())))
    return [value.where for value in needed if isinstance(value, Unknown)]


def _with_further(document: Document, more: Mapping[str, tuple[Node, ...]]) -> Document:
    """Add what further laws say to the elements that the document tells."""
    blocks = tuple(
        replace(block, nodes=(*block.nodes, *more[block.element]))
        if block.element in more and block.says_something
        else block
        for block in document.blocks
    )
    return replace(document, blocks=blocks)


def _with(blocks: tuple[Block, ...], added: tuple[Block, ...]) -> tuple[Block, ...]:
    """Put added blocks in the place of incomplete ones of the same element, else at the end."""
    elements = {block.element for block in added}
    return (*(block for block in blocks if block.element not in elements), *added)
