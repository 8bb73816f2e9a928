"""The answer: the notices that its items call for, bound together in one document."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone, translation

from workflows.cases.models import Case, Item
from workflows.notices import facts
from workflows.notices.composing import ComposedNotice, compose, compose_from
from workflows.notices.document import Block, Document, Heading, Value, lower_first
from workflows.notices.facts import Decided, NoticeFacts
from workflows.notices.kinds import DECIDED, DEFINITIONS
from workflows.notices.languages import language_of
from workflows.notices.phrases import phrase
from workflows.notices.template import Section, parse
from workflows.notices.texts import ActiveText, TextSlot, active_text
from workflows.notices.values import RecipientLocale
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.notices import NoticeKind
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult

# What the answer says once for all its parts, after them.
_SHARED = (
    "rights",
    "in_writing",
    "internal_review",
    "appeal_route",
    "time_limit_to_appeal",
    "authority",
    "court",
    "record_kept",
)
# What other packages know of the items of an answer: values for placeholders of its kind.
Source = Callable[[Case, str, tuple[Item, ...]], Mapping[str, Value]]
_sources: list[Source] = []


def answer_source(source: Source) -> Source:
    """Register a function that knows more of decided items, such as where data came from.

    It is asked with the case, the kind of notice and its items, and returns values for
    placeholders of that kind (`source_of_data`, `recipients`, `categories`, `number_of_data`, …).
    """
    if source not in _sources:
        _sources.append(source)
    return source


def kind_of(item: Item) -> str:
    """Return the notice that tells of a decided item."""
    if item.outcome in {Outcome.REFUSED, Outcome.NOT_IDENTIFIABLE}:
        return NoticeKind.REFUSAL
    definition = ItemKind(item.kind).definition
    return definition.notice_by_outcome.get(item.outcome, definition.notice)


def items_by_kind(items: Iterable[Item]) -> dict[str, tuple[Item, ...]]:
    """Return the items by the notice that tells of them, in the order of the first of each."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(kind_of(item), []).append(item)
    return {kind: tuple(members) for kind, members in groups.items()}


def compose_answer(case: Case) -> ComposedNotice:
    """Compose the answer to the items as they are decided now, in the language of the case."""
    language = language_of(case.language)
    reader = RecipientLocale(case, case.lead_regime, language)
    laws = case.laws
    text = active_text(reader.regime.code, NoticeKind.ANSWER, language)
    with translation.override(language), timezone.override(reader.zone):
        parts = [
            compose(case, kind, decided(case, kind, items))
            for kind, items in items_by_kind(case.items.all()).items()
        ]
        return bind_notices(
            compose_from(reader, NoticeKind.ANSWER, NoticeFacts(), text, laws), parts
        )


def decided(case: Case, kind: str, items: tuple[Item, ...]) -> Decided:
    """Return decided items with what other packages know of them, in the active language."""
    known: dict[str, Value] = {}
    for source in _sources:
        known.update(source(case, kind, items))
    return Decided(items, known)


def bind_notices(frame: ComposedNotice, parts: list[ComposedNotice]) -> ComposedNotice:
    """Put the parts into the frame of the answer."""
    template = parse(frame.texts[0].body)
    before, after = _around_the_parts(template.sections, frame.document.blocks)
    own = [block for part in parts for block in _own_blocks(part)]
    shared = {
        block.element: block
        for part in reversed(parts)
        for block in part.document.blocks
        if block.element in _SHARED and block.says_something
    }
    framed = {block.element for block in after}
    closing = [shared.get(block.element, block) for block in after]
    rest = [shared[element] for element in _SHARED if element in shared.keys() - framed]
    blocks = (*before, *own, *rest, *closing)
    return ComposedNotice(
        NoticeKind.ANSWER,
        frame.regime,
        Document(frame.document.title, frame.document.language, blocks),
        tuple({text.place: text for c in (frame, *parts) for text in c.texts}.values()),
        {kind: elements for c in (frame, *parts) for kind, elements in c.prescribed.items()},
        {kind: elements for c in (frame, *parts) for kind, elements in c.contained.items()},
        {element: where for c in (frame, *parts) for element, where in c.unknown.items()},
    )


def _around_the_parts(
    sections: tuple[Section, ...], blocks: tuple[Block, ...]
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Cut the frame behind the section in which `{parts}` stands; a draft may have it in none."""
    holding = (n for n, section in enumerate(sections, 1) if "parts" in section.names)
    at = next(holding, len(sections))
    return blocks[:at], blocks[at:]


def _own_blocks(part: ComposedNotice) -> list[Block]:
    """Return what a part says for itself, below a heading of its own."""
    heading = Block("", (Heading(part.document.title),))
    own = [
        replace(block, nodes=lower_first(block.nodes))
        for block in part.document.blocks
        if block.element not in _SHARED and block.says_something
    ]
    # A block of nothing but a heading is left out, so the first block carries it.
    if not own:
        return [replace(heading, nodes=heading.nodes)]
    return [replace(own[0], nodes=(*heading.nodes, *own[0].nodes)), *own[1:]]


def preview(place: TextSlot, body: str, regime: Regime) -> ComposedNotice:
    """Compose a notice from a text that need not be in use, under one regime.

    Raises `TemplateSyntaxError`, or `KeyError` for an unknown placeholder.
    """
    case = _case(regime, place.language)
    reader = RecipientLocale(case, regime, place.language)
    text = ActiveText(place, body, None)
    with translation.override(place.language), timezone.override(reader.zone):
        if place.kind != NoticeKind.ANSWER:
            return compose_from(
                reader, place.kind, _facts(reader, place.kind), text, [], invented=True
            )
        items = [_item(reader, n, kind) for n, kind in enumerate(DECIDED, start=1)]
        parts = [
            compose_from(
                reader,
                kind,
                facts.Decided(members),
                active_text(regime.code, kind, place.language),
                [],
                invented=True,
            )
            for kind, members in items_by_kind(items).items()
        ]
        return bind_notices(
            compose_from(reader, NoticeKind.ANSWER, facts.NoticeFacts(), text, [], invented=True),
            parts,
        )


def _case(regime: Regime, language: str) -> Case:
    now = timezone.now()
    return Case(
        number="2026-TEST-0000",
        language=language,
        residence=regime.default_place,
        regime=regime.code,
        regimes=[regime.code],
        kinds=[kind for kind, _outcome in DECIDED.values()],
        filed_at=now - timedelta(days=9),
        due_on=(now + timedelta(days=21)).date(),
    )


def _item(reader: RecipientLocale, position: int, kind: str) -> Item:
    """Return an invented item that was decided so that a notice of this kind tells of it."""
    item_kind, outcome = DECIDED[kind]
    grounds = reader.regime.grounds_for(item_kind)
    return Item(
        case=reader.case,
        position=position,
        kind=item_kind,
        outcome=outcome,
        ground=grounds[0].code if outcome == Outcome.REFUSED and grounds else "",
        reasons=phrase("invented.reasons", reader.language),
        details={
            "claimed": phrase("invented.claimed", reader.language),
            "correct": phrase("invented.correct", reader.language),
        },
        scopes={
            Scope.TRAINING_SNAPSHOT: ScopeResult.FOUND,
            Scope.MODEL: ScopeResult.NOT_IDENTIFIABLE,
        },
    )


def _facts(reader: RecipientLocale, kind: str) -> facts.NoticeFacts:
    """Return invented facts for a kind of notice."""
    if kind in DECIDED:
        return facts.Decided((_item(reader, 1, kind),))
    example = DEFINITIONS[kind].example
    assert example is not None
    return example(reader)
