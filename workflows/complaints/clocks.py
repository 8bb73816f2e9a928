"""The clocks of a complaint: for its acknowledgement where the law sets a time, for its outcome."""

from datetime import datetime

from workflows.cases.clocks import apply_deadline, stop, store_lead
from workflows.cases.models import Case
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.regimes import services as regimes
from workflows.regimes.schema import Regime
from workflows.regimes.values import ClockEvent as RuleEvent


def clock_kinds(regime: Regime) -> tuple[str, ...]:
    """Return the kinds of clock that start when a complaint is received under this regime."""
    return tuple(kind for kind in (regime.complaint_acknowledge, regime.complaint) if kind)


def has_clock(case: Case) -> bool:
    """Return whether a law of this case knows a time for the outcome of a complaint."""
    return any(case.regime_of(code).complaint for code in case.regimes)


def start_clocks(complaint: Complaint) -> None:
    """Start the clocks of all regimes of a new complaint, and let the earliest lead the case."""
    case = complaint.case
    events = [RuleEvent("received", complaint.received_at)]
    clocks = []
    for code in case.regimes:
        regime = case.regime_of(code)
        kinds = clock_kinds(regime)
        deadlines = regimes.compute_all(regime, events, case.residence, kinds) if kinds else {}
        for kind, deadline in deadlines.items():
            clock = ComplaintClock(
                case=case,
                complaint=complaint,
                regime=code,
                kind=kind,
                leads=kind == regime.complaint,
                started_at=complaint.received_at,
            )
            apply_deadline(clock, deadline)
            clocks.append(clock)
    ComplaintClock.objects.bulk_create(clocks)
    store_lead(case)


def stop_acknowledgement(complaint: Complaint, at: datetime) -> None:
    """The complaint was acknowledged: the clocks for that are met."""
    for clock in complaint.clocks.filter(stopped_at=None, leads=False):
        stop(clock, at, met=True)


def stop_clocks(complaint: Complaint, at: datetime) -> None:
    """Stop what still runs: answered in time is met, withdrawn just ends."""
    for clock in complaint.clocks.filter(stopped_at=None):
        stop(clock, at, met=complaint.answered_at is not None)
