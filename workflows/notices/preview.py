"""A text of a notice as it would come out, with an invented case that stands nowhere."""

from datetime import timedelta

from django.utils import timezone, translation

from workflows.cases.models import Case, Item
from workflows.notices import facts
from workflows.notices.answers import bind, grouped
from workflows.notices.composing import Composed, compose_from
from workflows.notices.kinds import DECIDED, DEFINITIONS
from workflows.notices.phrases import phrase
from workflows.notices.texts import Place, TextInUse, text_in_use
from workflows.notices.values import Reader
from workflows.regimes.schema import Regime
from workflows.vocabulary.notices import NoticeKind
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult


def preview(place: Place, body: str, regime: Regime) -> Composed:
    """Compose a notice from a text that need not be in use, under one regime.

    Raises `BrokenText`, or `KeyError` for an unknown placeholder.
    """
    case = _case(regime, place.language)
    reader = Reader(case, regime, place.language)
    text = TextInUse(place, body, None)
    with translation.override(place.language), timezone.override(reader.zone):
        if place.kind != NoticeKind.ANSWER:
            return compose_from(reader, place.kind, _facts(reader, place.kind), text, [])
        items = [_item(reader, n, kind) for n, kind in enumerate(DECIDED, start=1)]
        parts = [
            compose_from(
                reader,
                kind,
                facts.Decided(members),
                text_in_use(regime.code, kind, place.language),
                [],
            )
            for kind, members in grouped(items).items()
        ]
        return bind(compose_from(reader, NoticeKind.ANSWER, facts.Facts(), text, []), parts)


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


def _item(reader: Reader, position: int, kind: str) -> Item:
    """Return an invented item that was decided so that a notice of this kind tells of it."""
    item_kind, outcome = DECIDED[kind]
    grounds = reader.regime.grounds_for(item_kind)
    return Item(
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


def _facts(reader: Reader, kind: str) -> facts.Facts:
    """Return invented facts for a kind of notice."""
    if kind in DECIDED:
        return facts.Decided((_item(reader, 1, kind),))
    example = DEFINITIONS[kind].example
    assert example is not None
    return example(reader)
