"""The law beside each step: which rule of the case's regime a step follows, and where it stands.

Pure: takes an entry of the log as parsed JSON and a regime in the version of the case.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.cases.clocks import response_clock_kinds
from workflows.cases.decision_rules import ground_named, ground_under
from workflows.regimes.deadlines.values import Citation
from workflows.regimes.rules.elements import Clock, LocalizedText
from workflows.regimes.rules.regime import Regime

EventEntry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Provision:
    """One rule: what it says, if the regime has a sentence for it, and its sources."""

    text: LocalizedText | None
    citations: tuple[Citation, ...]


def provisions(entry: EventEntry, regime: Regime, kinds: Sequence[str]) -> list[Provision]:
    """Return the rules that a step of a case with items of these kinds follows; often none."""
    rule = _RULES.get(entry["name"])
    found: list[Provision] = []
    for provision in rule(entry["facts"], regime, kinds) if rule else ():
        if provision not in found:
            found.append(provision)
    return found


_Rule = Callable[[EventEntry, Regime, Sequence[str]], Iterator[Provision]]


def _of_clock(clock: Clock) -> Provision:
    return Provision(clock.text, clock.rule.citations)


def _received(_facts: EventEntry, regime: Regime, kinds: Sequence[str]) -> Iterator[Provision]:
    yield from _to_answer(regime, kinds)
    for kind in kinds:
        item = regime.item(kind)
        if item is not None:
            yield Provision(item.note, item.citations)


def _to_answer(regime: Regime, kinds: Sequence[str]) -> Iterator[Provision]:
    for kind in response_clock_kinds(regime, kinds):
        yield _of_clock(regime.clock(kind))


def _acknowledged(_facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
    if regime.acknowledge:
        yield _of_clock(regime.clock(regime.acknowledge))


def _notice(kind: str) -> _Rule:
    def rule(_facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
        notice = regime.notices.get(kind)
        if notice is not None:
            yield Provision(None, notice.citations)

    return rule


def _fee(_facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
    yield Provision(regime.fee.text, regime.fee.citations)


def _ended_unpaid(facts: EventEntry, regime: Regime, kinds: Sequence[str]) -> Iterator[Provision]:
    yield from _fee(facts, regime, kinds)
    yield from _notice("refusal")(facts, regime, kinds)


def _extended(_facts: EventEntry, regime: Regime, kinds: Sequence[str]) -> Iterator[Provision]:
    for kind in response_clock_kinds(regime, kinds):
        extension = regime.clock(kind).rule.extension
        if extension is not None:
            yield _of_clock(regime.clock(extension.kind))


def _clock(facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
    if facts["regime"] == regime.code and facts["clock"] in regime.clocks:
        yield _of_clock(regime.clock(facts["clock"]))


def _decided(facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
    for outcome in facts.get("outcomes", ()):
        ground = ground_named(regime, outcome["kind"], ground_under(outcome, regime.code) or "")
        item = regime.item(outcome["kind"])
        special = regime.outcomes.get(outcome["outcome"])
        if ground is not None:
            yield Provision(ground.text, ground.citations)
        elif special is not None and outcome["kind"] in special.items:
            yield Provision(special.condition, special.citations)
        elif item is not None:
            yield Provision(item.note, item.citations)


def _answered(facts: EventEntry, regime: Regime, kinds: Sequence[str]) -> Iterator[Provision]:
    yield from _to_answer(regime, kinds)
    yield from _decided(facts, regime, kinds)


def _kept(_facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
    for record in regime.records:
        yield Provision(record.text, record.citations)


def _complained(_facts: EventEntry, regime: Regime, _kinds: Sequence[str]) -> Iterator[Provision]:
    for kind in (regime.complaint_acknowledge, regime.complaint):
        if kind:
            yield _of_clock(regime.clock(kind))


_RULES: dict[str, _Rule] = {
    "case.received": _received,
    "acknowledgement.sent": _acknowledged,
    "identity.asked": _notice("identity_request"),
    "information.asked": _notice("clarification"),
    "fee.asked": _fee,
    "fee.waived": _fee,
    "fee.not_paid": _fee,
    "case.ended_unpaid": _ended_unpaid,
    "clock.extended": _extended,
    "clock.reminded": _clock,
    "clock.missed": _clock,
    "decision.proposed": _decided,
    "decision.approved": _decided,
    "answer.sent": _answered,
    "case.rejected_as_abuse": _notice("refusal"),
    "complaint.received": _complained,
    "complaint.acknowledged": _notice("complaint_acknowledgement"),
    "complaint.answered": _notice("complaint_outcome"),
    "complaint.reminded": _clock,
    "complaint.missed": _clock,
    "erasure.requested": _kept,
    "case.erased": _kept,
}
