"""Renders the arithmetic of a deadline as plain sentences, in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.regimes.deadlines.calculator import LATE_QUESTIONS
from workflows.regimes.deadlines.values import CalculationStep, Citation, Deadline
from workflows.regimes.rules.elements import Clock

Values = Mapping[str, Any]


def explain(deadline: Deadline, clock: Clock | None = None, language: str = "en") -> list[str]:
    """Return one sentence a step, then the rule and its sources if `clock` is given.

    `language` is a language code of the settings, such as `zh-hans` or `en`.
    """
    with translation.override(language):
        sentences = [sentence(step) for step in deadline.steps]
        if "not_started" in deadline.flags:
            sentences.append(_("The clock has not started: nothing was received."))
        if "out_of_range" in deadline.flags:
            sentences.append(_("The date lies beyond the calendar."))
        if clock is not None:
            sentences.append(_("Rule: %(rule)s") % {"rule": clock.text.in_language(language)})
            sentences += [source(citation, language) for citation in clock.rule.citations]
    return sentences


def warnings(deadline: Deadline, language: str = "en") -> list[str]:
    """Return one sentence for each question that was put late: those that staff must not miss."""
    with translation.override(language):
        return [sentence(step) for step in deadline.steps if step.code in LATE_QUESTIONS]


def source(citation: Citation, language: str) -> str:
    """Return where a rule stands, and how far we have read it."""
    title = citation.in_language(language)
    confirmed = {
        "found": _("read in a copy of the source"),
        "partly": _("read in part"),
        "memory": _("not yet confirmed against the source"),
    }[citation.confirmed]
    return _("Source: %(title)s (%(confirmed)s)") % {"title": title, "confirmed": confirmed}


def sentence(step: CalculationStep) -> str:
    """Return one step as a sentence in the active language."""
    return _SENTENCES[step.code](step.values)


def length(unit: str, amount: int) -> str:
    """Return an amount of days, working days or months in words."""
    text = {
        "days": ngettext("%(number)d day", "%(number)d days", amount),
        "working_days": ngettext("%(number)d working day", "%(number)d working days", amount),
        "months": ngettext("%(number)d month", "%(number)d months", amount),
    }[unit]
    return text % {"number": amount}


def day(iso: str) -> str:
    """Return an ISO day as a date with its day of the week."""
    value = date.fromisoformat(iso)
    return _("%(weekday)s, %(date)s") % {
        "weekday": date_format(value, "l"),
        "date": date_format(value, "DATE_FORMAT"),
    }


def _days(isos: tuple[str, ...]) -> str:
    return _("; ").join(day(iso) for iso in isos)


def _clock_time(iso: str) -> str:
    value = datetime.fromisoformat(iso)
    return f"{date_format(value, 'DATETIME_FORMAT')} ({value.tzname()})"


def _event(name: str) -> str:
    return {
        "identity_asked": _("the identity was asked for"),
        "identity_proved": _("the identity was proved"),
        "fee_asked": _("the fee was asked for"),
        "fee_paid": _("the fee was paid"),
        "answered": _("the answer was sent"),
    }[name]


def _awaited(name: str) -> str:
    return {
        "identity_proved": _("The clock waits for the proof of identity; the date moves with it."),
        "fee_paid": _("The clock waits for the fee; the date moves with it."),
    }[name]


def _target(name: str) -> str:
    return {
        "policy": _("our own target"),
        "outer_standard": _("the longest time a standard allows"),
        "strictest_reading": _("the strictest reading of the law"),
    }[name]


def _received(values: Values) -> str:
    return _("Received at %(time)s, which is %(day)s in %(zone)s.") % {
        "time": _clock_time(values["at"]),
        "day": day(values["on"]),
        "zone": values["zone"],
    }


def _contested(values: Values) -> str:
    return _(
        "The answer was contested at %(time)s, which is %(day)s in %(zone)s; the time to answer"
        " counts anew from then."
    ) % {
        "time": _clock_time(values["at"]),
        "day": day(values["on"]),
        "zone": values["zone"],
    }


def _started(values: Values) -> str:
    sentence = (
        _("The clock starts on %(day)s at the earliest, the day on which %(event)s.")
        if values["event"].endswith("_asked")
        else _("The clock starts on %(day)s, when %(event)s.")
    )
    return sentence % {
        "day": day(values["on"]),
        "event": _event(values["event"]),
    }


def _counted(values: Values) -> str:
    if values["first_day_counted"]:
        text = _("Counted %(length)s from %(start)s, that day included: until %(end)s.")
    elif values["clipped"]:
        text = _(
            "Counted %(length)s from %(start)s: until %(end)s, because that month has no such day."
        )
    else:
        text = _("Counted %(length)s from %(start)s, that day not included: until %(end)s.")
    return text % {
        "length": length(values["unit"], values["amount"]),
        "start": day(values["start"]),
        "end": day(values["on"]),
    }


def _paused(values: Values) -> str:
    if values["open"]:
        text = _("The clock has been paused since %(first)s; the earliest end is now %(end)s.")
    else:
        text = _("Paused from %(first)s to %(last)s: the end moves by %(length)s to %(end)s.")
    return text % {
        "first": day(values["first"]),
        "last": day(values["last"]),
        "length": length("days", values["days"]),
        "end": day(values["on"]),
    }


def _paused_days_skipped(values: Values) -> str:
    if values["open"]:
        return _("The clock has been paused since %(first)s.") % {"first": day(values["first"])}
    return _("Not counted because of a pause: %(first)s to %(last)s.") % {
        "first": day(values["first"]),
        "last": day(values["last"]),
    }


def _extended(values: Values) -> str:
    return _(
        "Extended on %(told)s, before the first end on %(first_end)s: %(length)s in all,"
        " counted from the start again."
    ) % {
        "told": day(values["told_on"]),
        "first_end": day(values["first_end"]),
        "length": length(values["unit"], values["amount"]),
    }


def _extension_late(values: Values) -> str:
    return _(
        "An extension was told on %(told)s, after the first end on %(first_end)s:"
        " it does not count."
    ) % {"told": day(values["told_on"]), "first_end": day(values["first_end"])}


def _question_late(values: Values) -> str:
    text = {
        "identity_asked": _(
            "Proof of identity was requested on %(asked)s, after the time had ended on %(end)s:"
            " that does not start the clock again."
        ),
        "fee_asked": _(
            "A fee was requested on %(asked)s, after the time had ended on %(end)s:"
            " that does not start the clock again."
        ),
    }[values["event"]]
    return text % {"asked": day(values["asked_on"]), "end": day(values["end"])}


def _question_restarts(values: Values) -> str:
    text = {
        "identity_asked": _(
            "Proof of identity was requested on %(asked)s, when more than half of the time until"
            " %(end)s had passed: the time counts anew from the day of the proof."
        ),
        "fee_asked": _(
            "A fee was requested on %(asked)s, when more than half of the time until %(end)s had"
            " passed: the time counts anew from the day of the payment."
        ),
    }[values["event"]]
    return text % {"asked": day(values["asked_on"]), "end": day(values["end"])}


def _promised(values: Values) -> str:
    if values.get("told"):
        text = _(
            "Before this law was found to apply, another time was told: %(length)s, until %(day)s."
            " It does not become longer."
        )
    elif values["first"]:
        text = _(
            "We have published a shorter limit, in force since %(since)s: %(length)s,"
            " until %(day)s. It binds us."
        )
    else:
        text = _(
            "We have published a limit, in force since %(since)s: %(length)s, until %(day)s."
            " The law's own limit ends no later and stays."
        )
    return text % {
        "since": day(values["since"]),
        "length": length(values["unit"], values["amount"]),
        "day": day(values["on"]),
    }


def _calendar_incomplete(values: Values) -> str:
    return _(
        "The days off of %(years)s are not yet announced for the calendar %(calendar)s:"
        " the date is provisional."
    ) % {"years": ", ".join(map(str, values["years"])), "calendar": values["calendar"]}


def _target_sentence(values: Values) -> str:
    text = _("Beside it, %(target)s: %(length)s, until %(day)s.")
    if values["provisional"]:
        text = _("Beside it, %(target)s: %(length)s, until %(day)s (provisional).")
    return text % {
        "target": _target(values["name"]),
        "length": length(values["unit"], values["amount"]),
        "day": day(values["on"]),
    }


_SENTENCES: dict[str, Callable[[Values], str]] = {
    "received": _received,
    "contested": _contested,
    "started": _started,
    "waiting": lambda values: _awaited(values["event"]),
    "counted": _counted,
    "holidays_skipped": lambda values: (
        _("Public holidays left out: %(days)s.") % {"days": _days(values["days"])}
    ),
    "extra_days": lambda values: (
        _("Weekend days that are working days: %(days)s.") % {"days": _days(values["days"])}
    ),
    "paused": _paused,
    "paused_days_skipped": _paused_days_skipped,
    "rolled": lambda values: (
        _("%(day)s is not a working day: the end moves to %(end)s.")
        % {"day": day(values["day"]), "end": day(values["on"])}
    ),
    "promised": _promised,
    "extended": _extended,
    "extension_late": _extension_late,
    "question_late": _question_late,
    "question_restarts": _question_restarts,
    "calendar_incomplete": _calendar_incomplete,
    "ends": lambda values: (
        _("The last day is %(day)s; in time means before %(time)s.")
        % {"day": day(values["on"]), "time": _clock_time(values["before"])}
    ),
    "arguable": lambda values: (
        _("A more generous reading would allow until %(day)s; it never drives the clock.")
        % {"day": day(values["on"])}
    ),
    "no_number": lambda _values: _("The law sets no number of days."),
    "target": _target_sentence,
}
