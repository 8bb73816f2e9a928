"""Regimes, clocks, citations and time left, in words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from workflows.cases.clocks import answering_clock_kinds, response_clock_kinds
from workflows.cases.models import BaseClock, Case, Clock
from workflows.regimes.deadlines.values import Citation, Deadline
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import explain
from workflows.vocabulary.item_kinds import ItemKind


def citation_texts(citations: Iterable[Citation]) -> list[str]:
    """Return citations in the reader's language."""
    language = get_language() or ""
    return [citation.in_language(language) for citation in citations]


def _language() -> str:
    return get_language() or ""


def citation_text(citations: Iterable[Citation]) -> str:
    """Return citations in the reader's language, as one text."""
    return _("; ").join(citation.in_language(_language()) for citation in citations)


@dataclass(frozen=True, slots=True)
class ShownRule:
    """One time limit: its name, the rule in a sentence, and where it stands."""

    name: str
    text: str
    citations: str


@dataclass(frozen=True, slots=True)
class RegimePresenter:
    """What a person should know of one law."""

    code: str
    name: str
    answer_rules: list[ShownRule]
    rules: list[ShownRule]
    fee: str
    authority: str
    authority_address: str
    authority_link: str
    court: str
    experimental: bool = False


def shown_regime(
    regime: Regime, residence: str = "", asked: Iterable[str] | None = None
) -> RegimePresenter:
    """Return a regime in the reader's language, with the authority for a residence.

    `answer_rules` are those by which the kinds of item `asked` for are answered, each once.
    """
    language = _language()
    offered = (regime.acknowledge, regime.lead, regime.complaint_acknowledge, regime.complaint)
    kinds = dict.fromkeys(kind for kind in offered if kind)
    answering = (regime.lead,) if asked is None else response_clock_kinds(regime, asked)
    authority = regime.authority_for(residence)
    return RegimePresenter(
        code=regime.code,
        name=regime.name.in_language(language),
        answer_rules=[_shown_rule(regime, kind) for kind in answering],
        rules=[_shown_rule(regime, kind) for kind in kinds],
        fee=regime.fee.text.in_language(language),
        authority=authority.name.in_language(language) if authority else "",
        authority_address=authority.address.in_language(language) if authority else "",
        authority_link=authority.link if authority else "",
        court=regime.court.text.in_language(language),
        experimental=regime.experimental,
    )


def _shown_rule(regime: Regime, kind: str) -> ShownRule:
    clock = regime.clock(kind)
    return ShownRule(
        name=clock.name.in_language(_language()),
        text=clock.text.in_language(_language()),
        citations=citation_text(clock.rule.citations),
    )


@dataclass(frozen=True, slots=True)
class ItemDay:
    """The last day for what was asked for, where one clock has different days for its items."""

    kinds: str
    due_on: date | None
    paused: bool


def item_days(deadline: Deadline) -> list[ItemDay]:
    """Return the days of the kinds of item where they differ, the earliest first; else nothing."""
    return [
        ItemDay(
            _("; ").join(str(ItemKind(kind).label) for kind in each.kinds), each.on, each.paused
        )
        for each in deadline.by_item
    ]


@dataclass(frozen=True, slots=True)
class ClockPresenter:
    """One clock of a case: how it stands, its day, and how that day is reckoned.

    `basis` is where the day comes from: `statute`, `standard` or `promise` for a day that a rule
    gives, `published` where a published limit ends before it, `told` where the day does that the
    person was told before this law was found to apply, `target` where the law gives no
    number and the provider set itself one.
    `complaint_withdrawn` is whether it ended because the person took back the complaint about an
    answer. `days_left` is negative when the day is past, and None when there is no day.
    `by_item` has the days of the items where they differ; `due_on` is the earliest of them.
    """

    regime: str
    rule: ShownRule
    state: str
    answered: bool
    complaint_withdrawn: bool
    due_on: date | None
    days_left: int | None
    basis: str
    provisional: bool
    stopped_at: datetime | None
    zone: str
    arithmetic: list[str]
    by_item: list["ItemDay"]


def shown_clocks(case: Case) -> list[ClockPresenter]:
    """Return the leading clock of each regime of a case, the earliest first. One query.

    Not those of what was carried over from another case and has gone again.
    """
    clocks = [clock for clock in case.clocks.all() if clock.leads]
    return [shown_clock(case, each) for each in clocks if _answers(case, each)]


def _answers(case: Case, clock: Clock) -> bool:
    if clock.regime not in case.applicable_regimes:
        return False
    regime = case.regime_of(clock.regime)
    return clock.kind in answering_clock_kinds(regime, case.kinds, clock.round)


def shown_clock(case: Case, clock: BaseClock) -> ClockPresenter:
    """Return one clock of a case, with everything that its date follows from."""
    regime = case.regime_of(clock.regime)
    deadline = Deadline.from_dict(clock.deadline)
    today = timezone.localdate(timezone=ZoneInfo(deadline.zone))
    dated = deadline.due_on or deadline.provisional_on
    # What a more generous reading would allow is for the provider's lawyers only.
    steps = tuple(step for step in deadline.steps if step.code != "arguable")
    return ClockPresenter(
        regime=regime.name.in_language(_language()),
        rule=_shown_rule(regime, clock.kind),
        state=clock.state,
        answered=clock.answered,
        complaint_withdrawn=_ended_before_the_case(case, clock),
        due_on=clock.due_on,
        days_left=(clock.due_on - today).days if clock.due_on else None,
        basis=_basis(deadline, regime, clock.kind) if dated else "target",
        provisional=clock.provisional,
        stopped_at=clock.stopped_at,
        zone=deadline.zone,
        arithmetic=explain(replace(deadline, steps=steps), None, _language()),
        by_item=item_days(deadline),
    )


def _ended_before_the_case(case: Case, clock: BaseClock) -> bool:
    """Return whether a clock ended without an answer and while the case did not end."""
    if clock.stopped_at is None or clock.answered:
        return False
    return case.closed_at is None or clock.stopped_at < case.closed_at


def _basis(deadline: Deadline, regime: Regime, kind: str) -> str:
    for step in deadline.steps:
        if step.code == "promised" and step.values["first"]:
            return "told" if step.values.get("told") else "published"
    return regime.clock(kind).rule.binding


def days_left(days: int) -> str:
    """Return in words how many whole days are left; none is the last day, negative is late."""
    if days < 0:
        return ngettext("late by %(days)d day", "late by %(days)d days", -days) % {"days": -days}
    if days == 0:
        return _("last day today")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
