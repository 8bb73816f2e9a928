"""From a rule, the clock events, a calendar and a zone to a deadline: pure and total.

The order of the arithmetic is fixed: start, count, cut a short month to its last day, add the
days of a pause, and only then roll a last day that is not a working day. An extension replaces
the amount and is counted from the start again, never from the first due day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from workflows.regimes.deadlines.counting import (
    DAY,
    ClockStart,
    Pause,
    Timeline,
    count_days,
    count_months,
    count_working_days,
    roll_to_working_day,
)
from workflows.regimes.deadlines.values import (
    Binding,
    CalculationStep,
    Calendar,
    ClockEvent,
    ClockRule,
    Deadline,
    PublishedPromise,
    TargetDate,
    first_instant_after,
)

# Put after the end of the time, or so late that the time begins again when most of it has run.
LATE_QUESTIONS = frozenset({"question_late", "question_restarts"})


@dataclass(frozen=True, slots=True)
class _Count:
    """A finished count: its last day, how it got there, and the years whose days it looked at."""

    end: date
    steps: tuple[CalculationStep, ...] = ()
    years: frozenset[int] = frozenset()
    waiting_for: str = ""


def calculate(
    rule: ClockRule,
    events: Iterable[ClockEvent],
    calendar: Calendar,
    zone: str,
    *,
    arguable_calendar: Calendar | None = None,
) -> Deadline:
    """Return the deadline of `rule` after `events`.

    `zone` is the IANA name of the time zone whose midnight ends a day. `arguable_calendar` is
    used for `latest_arguable` where a generous reading knows other days off. Never raises for
    values that could be made: what cannot be reckoned is said in `Deadline.flags`.
    """
    timeline = Timeline.of(events, zone)
    blank = Deadline(kind=rule.kind, zone=zone, calendar=calendar.version or calendar.name)
    if not timeline.instants("received"):
        return replace(blank, flags=("not_started",))
    try:
        if rule.amount is None and rule.promise is None:
            return _without_number(rule, timeline, calendar, blank)
        return _with_number(rule, timeline, calendar, arguable_calendar or calendar, blank)
    except OverflowError:
        return replace(blank, flags=("out_of_range",))


def _without_number(
    rule: ClockRule, timeline: Timeline, calendar: Calendar, blank: Deadline
) -> Deadline:
    """Answer for a law that says "timely": no date of its own, only the targets beside it."""
    targets = _targets(rule, timeline, calendar)
    return replace(
        blank,
        flags=("no_number",),
        targets=targets,
        steps=(_received(timeline), CalculationStep("no_number"), *map(_target_step, targets)),
    )


def _with_number(
    rule: ClockRule,
    timeline: Timeline,
    calendar: Calendar,
    arguable_calendar: Calendar,
    blank: Deadline,
) -> Deadline:
    extended_rule, extension_steps = _extension(rule, timeline, calendar)
    count, binding = _promised(extended_rule, timeline, calendar)
    generous = _count(_generous(_law_alone(extended_rule)), timeline, arguable_calendar)
    targets = _targets(extended_rule, timeline, calendar)
    ends_before = first_instant_after(count.end, zone=timeline.zone)
    latest = generous.end if generous.end > count.end else None
    uncertain = _uncertain(count, calendar)

    steps = [_received(timeline), *extension_steps, *count.steps]
    if uncertain:
        steps.append(
            CalculationStep("calendar_incomplete", {"calendar": calendar.name, "years": uncertain})
        )
    steps.append(
        CalculationStep("ends", {"on": count.end.isoformat(), "before": ends_before.isoformat()})
    )
    if latest:
        steps.append(CalculationStep("arguable", {"on": latest.isoformat()}))
    flags = {
        "paused": bool(count.waiting_for),
        "calendar_incomplete": bool(uncertain),
        "extension_told_late": any(step.code == "extension_late" for step in extension_steps),
        "question_asked_late": any(step.code in LATE_QUESTIONS for step in count.steps),
    }
    return replace(
        blank,
        due_on=None if uncertain else count.end,
        provisional_on=count.end if uncertain else None,
        ends_before=ends_before,
        latest_arguable=latest,
        statutory=binding == "statute",
        paused=bool(count.waiting_for),
        flags=tuple(flag for flag, is_set in flags.items() if is_set),
        targets=targets,
        steps=(*steps, *map(_target_step, targets)),
    )


def _law_alone(rule: ClockRule) -> ClockRule:
    """Return the rule without what the provider has published; that, if there is no number."""
    promise = rule.promise
    if rule.amount is not None or promise is None:
        return replace(rule, promise=None)
    return replace(rule, unit=promise.unit, amount=promise.amount, roll=False, promise=None)


def _promised(rule: ClockRule, timeline: Timeline, calendar: Calendar) -> tuple[_Count, Binding]:
    """Return the count that ends first, the law's or the published one, and what it binds by."""
    if rule.promise is None or _is_over(rule.promise, timeline):
        return _count(replace(rule, promise=None), timeline, calendar), rule.binding
    published = replace(
        rule, unit=rule.promise.unit, amount=rule.promise.amount, roll=False, promise=None
    )
    promised = _count(published, timeline, calendar)
    values = {
        "unit": rule.promise.unit,
        "amount": rule.promise.amount,
        "since": rule.promise.since.isoformat(),
        "on": promised.end.isoformat(),
        "told": rule.promise.told,
    }
    if rule.amount is None:
        steps = (
            CalculationStep("no_number"),
            CalculationStep("promised", {**values, "first": True}),
            *promised.steps,
        )
        return replace(promised, steps=steps), "promise"
    law = _count(rule, timeline, calendar)
    is_first = promised.end < law.end
    step = CalculationStep("promised", {**values, "first": is_first})
    return (
        _Count(
            min(law.end, promised.end),
            (*law.steps, step),
            law.years | promised.years,
            law.waiting_for or promised.waiting_for,
        ),
        "promise" if is_first else rule.binding,
    )


def _is_over(promise: PublishedPromise, timeline: Timeline) -> bool:
    """Return whether this was received after a time that was told for what came before."""
    return promise.told and timeline.day(timeline.instants("received")[0]) > promise.since


def _count(rule: ClockRule, timeline: Timeline, calendar: Calendar) -> _Count:
    """Count the amount from the start, leave the pauses out, roll last.

    A question that was put when the time was over already neither starts nor pauses anything.
    """
    timeline, late = _judge_questions(rule, timeline, calendar)
    start = timeline.start(rule.starts)
    pauses = timeline.pauses(rule.pauses, start.on)
    counting = _count_working_days if rule.unit == "working_days" else _count_plain
    count = counting(rule, start.on, pauses, calendar)
    rolled = roll_to_working_day(count.end, calendar) if rule.roll else count.end
    steps = [*late, *_start_steps(start), *count.steps]
    years = count.years
    if rule.roll:
        years |= {count.end.year, rolled.year}
    if rolled != count.end:
        steps.append(
            CalculationStep("rolled", {"day": count.end.isoformat(), "on": rolled.isoformat()})
        )
    return _Count(rolled, tuple(steps), years, start.waiting_for or count.waiting_for)


def _judge_questions(
    rule: ClockRule, timeline: Timeline, calendar: Calendar
) -> tuple[Timeline, tuple[CalculationStep, ...]]:
    """Leave out each question that came after the end of the time that ran until it was put.

    One that was put when more than half of that time had run starts the clock again, as the law
    has it, and is named: whoever asks so late must be able to say why it was not asked at once.
    """
    steps = []
    for question, before in timeline.first_questions(rule.starts):
        if not before.instants("received"):
            continue
        count = _count(rule, before, calendar)
        if count.waiting_for:
            continue
        asked_on, start = timeline.day(question.at), before.start(rule.starts).on
        values = {
            "event": question.name,
            "asked_on": asked_on.isoformat(),
            "end": count.end.isoformat(),
        }
        if question.at >= first_instant_after(count.end, zone=timeline.zone):
            timeline = timeline.without(question.name)
            steps.append(CalculationStep("question_late", values))
        elif asked_on - start > (count.end - start) / 2:
            steps.append(CalculationStep("question_restarts", values))
    return timeline, tuple(steps)


def _count_plain(
    rule: ClockRule, start: date, pauses: tuple[Pause, ...], calendar: Calendar
) -> _Count:
    """Count days or months; each pause that began in time adds its days."""
    count = count_months if rule.unit == "months" else count_days
    end = count(start, rule.amount or 0, first_day_counted=rule.first_day_counted)
    steps = [_counted(rule, start, end)]
    waiting_for = ""
    for pause in pauses:
        if pause.first > (roll_to_working_day(end, calendar) if rule.roll else end):
            break
        end += timedelta(days=pause.days)
        waiting_for = pause.waiting_for
        steps.append(_paused("paused", pause, {"on": end.isoformat()}))
    return _Count(end, tuple(steps), waiting_for=waiting_for)


def _count_working_days(
    rule: ClockRule, start: date, pauses: tuple[Pause, ...], calendar: Calendar
) -> _Count:
    """Count working days, passing over those inside a pause."""
    found = count_working_days(
        start,
        rule.amount or 0,
        calendar,
        first_day_counted=rule.first_day_counted,
        pauses=pauses,
    )
    pauses = tuple(pause for pause in pauses if pause.first <= found.end)
    steps = [_counted(rule, start, found.end)]
    steps += [_paused("paused_days_skipped", pause, {}) for pause in pauses]
    for code, days in (("holidays_skipped", found.holidays), ("extra_days", found.extra)):
        if days:
            steps.append(CalculationStep(code, {"days": tuple(day.isoformat() for day in days)}))
    first = start if rule.first_day_counted else start + DAY
    return _Count(
        found.end,
        tuple(steps),
        frozenset(range(first.year, found.end.year + 1)),
        pauses[-1].waiting_for if pauses else "",
    )


def _extension(
    rule: ClockRule, timeline: Timeline, calendar: Calendar
) -> tuple[ClockRule, tuple[CalculationStep, ...]]:
    """Return the rule with the extended amount, if that was told before the first end."""
    told = timeline.instants("extension_told")
    if not told or rule.extension is None:
        return rule, ()
    count = _count(_law_alone(rule), timeline, calendar)
    first_end = count.end
    values = {"told_on": timeline.day(told[0]).isoformat(), "first_end": first_end.isoformat()}
    over = told[0] >= first_instant_after(first_end, zone=timeline.zone)
    # While the clock stands still its end is only the earliest one: nothing is over yet.
    if over and not count.waiting_for:
        return rule, (CalculationStep("extension_late", values),)
    extension = rule.extension
    step = CalculationStep("extended", {**values, "unit": rule.unit, "amount": extension.amount})
    promise = rule.promise
    if promise is not None and not (promise.told and timeline.day(told[0]) < promise.since):
        promise = None
    extended = replace(rule, amount=extension.amount, targets=extension.targets, promise=promise)
    return extended, (step,)


def _generous(rule: ClockRule) -> ClockRule:
    """Return the rule as its most generous arguable reading would have it."""
    arguable = rule.arguable
    return replace(
        rule,
        roll=rule.roll or arguable.roll,
        first_day_counted=rule.first_day_counted and not arguable.first_day_not_counted,
        pauses=rule.pauses + arguable.pauses,
        starts=rule.starts + arguable.starts,
    )


def _targets(rule: ClockRule, timeline: Timeline, calendar: Calendar) -> tuple[TargetDate, ...]:
    """Count each target from the same start and with the same pauses, without a roll."""
    targets = []
    for target in rule.targets:
        count = _count(
            replace(
                rule,
                unit=target.unit,
                amount=target.amount,
                first_day_counted=target.first_day_counted,
                roll=False,
            ),
            timeline,
            calendar,
        )
        uncertain = bool(_uncertain(count, calendar))
        targets.append(
            TargetDate(target.name, target.unit, target.amount, count.end, provisional=uncertain)
        )
    return tuple(targets)


def _uncertain(count: _Count, calendar: Calendar) -> tuple[int, ...]:
    return tuple(sorted(year for year in count.years if not calendar.is_official(year)))


def _received(timeline: Timeline) -> CalculationStep:
    at = timeline.instants("received")[0].astimezone(timeline.zone)
    return CalculationStep(
        "received",
        {
            "at": at.isoformat(timespec="seconds"),
            "zone": str(timeline.zone),
            "on": at.date().isoformat(),
        },
    )


def _start_steps(start: ClockStart) -> tuple[CalculationStep, ...]:
    steps = []
    if start.event != "received":
        steps.append(CalculationStep("started", {"event": start.event, "on": start.on.isoformat()}))
    if start.waiting_for:
        steps.append(CalculationStep("waiting", {"event": start.waiting_for}))
    return tuple(steps)


def _counted(rule: ClockRule, start: date, end: date) -> CalculationStep:
    """Say what was counted, and whether a short month cut the end."""
    return CalculationStep(
        "counted",
        {
            "unit": rule.unit,
            "amount": rule.amount,
            "start": start.isoformat(),
            "first_day_counted": rule.first_day_counted,
            "on": end.isoformat(),
            "clipped": rule.unit == "months"
            and not rule.first_day_counted
            and end.day != start.day,
        },
    )


def _paused(code: str, pause: Pause, more: dict[str, str]) -> CalculationStep:
    return CalculationStep(
        code,
        {
            "first": pause.first.isoformat(),
            "last": (pause.until - DAY).isoformat() if pause.days else pause.first.isoformat(),
            "days": pause.days,
            "open": bool(pause.waiting_for),
            **more,
        },
    )


def _target_step(target: TargetDate) -> CalculationStep:
    return CalculationStep(
        "target",
        {
            "name": target.name,
            "unit": target.unit,
            "amount": target.amount,
            "on": target.on.isoformat(),
            "provisional": target.provisional,
        },
    )
