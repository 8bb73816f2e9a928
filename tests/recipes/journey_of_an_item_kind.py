"""Files, decides and answers a request of one kind, in a process of its own.

`test_a_new_item_kind` runs it in a copy of the code. It prints what came out as JSON, on its last line.
"""

import json
import sys
from dataclasses import replace

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after the set-up
from django.core.checks import run_checks  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import translation  # noqa: E402

from requests_portal.api.v1.filing_body import read_filing  # noqa: E402
from requests_portal.api.v1.serializers import ItemStatusSerializer  # noqa: E402
from requests_portal.public.forms.wishes import RequestTypesForm  # noqa: E402
from requests_portal.public.pages import Page, filing_request  # noqa: E402
from requests_portal.public.steps import applicable_steps  # noqa: E402
from requests_portal.staff.case.actions.item_forms import ProposalForm  # noqa: E402
from tests.factories import APPROVER, ERIKA, in_review_with_proof, propose  # noqa: E402
from workflows.cases import staff_actions  # noqa: E402
from workflows.cases.models import Case  # noqa: E402
from workflows.ledger.models import Event  # noqa: E402
from workflows.notices import moves  # noqa: E402
from workflows.statistics.yearly import CountedItems, Result, tables  # noqa: E402
from workflows.vocabulary.item_kinds import ItemKind  # noqa: E402

STATEMENT = "The ranking of my posts."


def answers_of_the_form(kind: str) -> dict[str, list[dict[str, object]]]:
    """Return what Erika types on each page that the form shows her for this kind."""
    typed: dict[str, dict[str, object]] = {
        "wishes": {"kinds": [kind]},
        "service": {"service": ""},
        "role": {"role": "self"},
        "residence": {"country": "DE"},
        "part": {"part": ERIKA.residence},
        "subject": {"subject_name": ERIKA.subject_name},
        "identifiers": {"kind": "email", "value": ERIKA.email},
        "statements": {kind: STATEMENT},
        kind: {"statement": STATEMENT},
        "contact": {"email": ERIKA.email, "phone": ""},
    }
    answers: dict[str, list[dict[str, object]]] = {}
    for step in applicable_steps({"wishes": [typed["wishes"]], "residence": [typed["residence"]]}):
        answers[step.slug] = [typed.get(step.slug, {})]
        page = Page(step, answers, check=True)
        assert page.is_valid(), (step.slug, [form.errors for form in page.forms])
    return answers


def main(kind: str) -> None:
    """Take a request of this kind through its life."""
    faults = [f"{message.id} {message.msg}" for message in run_checks(tags=["kinds"])]
    if faults:
        raise SystemExit("\n".join(faults))
    call_command("makemigrations", "--check", "--dry-run")

    choices = [right for choice in RequestTypesForm().choices() for right in choice.rights]
    assert kind in [right.widget.data["value"] for right in choices]
    filed = filing_request(answers_of_the_form(kind), "en")
    by_program = read_filing(replace(filed, requester_role="self").as_content())
    assert by_program.items == filed.items

    outcome = ItemKind(kind).definition.outcomes[0]
    case = in_review_with_proof(filed)
    form = ProposalForm(case=case, user=User(username="reviewer"))
    assert outcome in dict(form.fields["outcome_1"].choices)
    propose(case, outcome=outcome)
    staff_actions.approve(case, APPROVER)
    message = moves.answer(case, APPROVER)

    case = Case.objects.get(pk=case.pk)
    item = case.items.get()
    received = CountedItems(Result.GRANTED, kind=kind)
    decided = Event.objects.get(name="decision.approved", case=case.pseudonym)
    yearly, *_others = tables("US-CA", lambda _by: [received])
    told = {
        "state": case.state,
        "answer": message.body,
        "said": item.details["statement"],
        "api": ItemStatusSerializer(item).data,
        "logged": decided.facts["outcomes"],
        "california": [line.received for _key, line in yearly.lines],
        "texts": sorted(case.notices.get(kind="answer").texts.values_list("kind", flat=True)),
    }
    sys.stdout.write(json.dumps(told) + "\n")


with translation.override("en"):
    main(sys.argv[1])
