"""What follows a commit, or time, in `routing`: first assignment, mails to the team, lateness."""

import logging
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage

from workflows.accounts.actors import SYSTEM
from workflows.cases.clocks import SweepAction, additional_clocks, sweep_due_clocks
from workflows.cases.effects import case_of
from workflows.cases.lifecycle import OPEN, Action, State
from workflows.cases.models import Case, Clock
from workflows.cases.transition import advance, fee_time_is_over
from workflows.mail import links
from workflows.mail.outbound import compose
from workflows.notices.services import enqueue_notice
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler, enqueue, mail_handler
from workflows.routing.assignment import assign, choose_team
from workflows.routing.models import Assignment, Team
from workflows.vocabulary.roles import Role

logger = logging.getLogger(__name__)


@effect_handler("routing.route")
def route(effect: Effect) -> None:
    """Route a new case by the rules, unless somebody has assigned it already."""
    case = case_of(effect)
    if Assignment.objects.filter(case=case).exists() or case.is_final:
        return
    team = choose_team(case)
    if team is not None:
        assign(case, SYSTEM, team)


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def _addresses(case: Case) -> list[str]:
    """Return where those are told who have a case; where nobody has it, the privacy officers."""
    teams = Team.objects.filter(assignments__case=case).exclude(email="")
    officers = User.objects.filter(is_active=True, groups__name=Role.PRIVACY_OFFICER)
    return [team.email for team in teams] or list(
        officers.exclude(email="").order_by("pk").values_list("email", flat=True)
    )


def _is_still_so(case: Case, notice: str, due_on: date | None) -> bool:
    """Return whether what the team is to be told is still so: the mail may have had to wait."""
    if notice.startswith("complaint_"):
        return any(due_on in (None, clock.due_on) for clock in additional_clocks(case))
    if notice == "fee_unpaid":
        return case.state == State.FEE_NEEDED and fee_time_is_over(case)
    if notice.endswith("late"):
        running = case.clocks.filter(leads=True, stopped_at=None)
        return running.filter(state=Clock.State.MISSED).exists()
    return case.state in OPEN


@mail_handler("routing.notify_team")
def team_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail to the team that has the case; without personal data: its number only.

    Where no rule gave it to a team, or that has no address, the privacy officers are told: no time
    runs out in silence.
    """
    case = case_of(effect)
    addresses = _addresses(case)
    notice = str(effect.payload["notice"])
    complaint = notice.startswith("complaint_")
    if not addresses:
        logger.warning("Nobody can be told of a time that passes: %s", notice)
        return None
    due_on = _day(effect.payload.get("due_on"))
    returned = notice == "data_returned"
    if not (returned or _is_still_so(case, notice, due_on)):
        return None
    context = {
        "case_number": case.number,
        "due_on": due_on or case.due_on,
        "late": notice.endswith("late"),
        "complaint": complaint,
        "unpaid": notice == "fee_unpaid",
        "returned": returned,
        "case_link": links.staff_case_link(case.pk),
        "provider_name": settings.PROVIDER_NAME,
    }
    language = settings.LANGUAGE_CODE
    return compose("team_notice", addresses, language, effect, context, html=False)


_ACTIONS = {SweepAction.REMIND: Action.REMIND, SweepAction.LATE: Action.MARK_LATE}


def sweep_clocks(now: datetime | None = None, limit: int = 500) -> int:
    """Remind of the requests whose time runs out, and mark those late whose time is over."""
    return sweep_due_clocks(Clock, _take, now, limit)


def _take(clock: Clock, step: SweepAction, facts: dict[str, Any]) -> bool:
    case = Case.objects.select_related("data_key").get(pk=clock.case_id)
    if case.state not in OPEN:
        return False
    advance(case, _ACTIONS[step], SYSTEM, facts=facts)
    if clock.leads:
        enqueue(
            "routing.notify_team",
            key=f"routing.{step}:{clock.pk}:{clock.reminders}:{clock.due_on}",
            payload={"case": str(case.pk), "notice": str(step)},
        )
    if clock.leads and step == SweepAction.LATE:
        enqueue_notice(
            case,
            "lateness",
            key=f"lateness:{clock.pk}:{clock.due_on}",
            clock=clock.pk,
            regime=clock.regime,
        )
    return True


periodic("sweep-clocks", "requests", "workflows.routing.effects.sweep_clocks")
