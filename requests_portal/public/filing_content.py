"""Turns the answers of the form into the request that the domain files."""

from collections.abc import Iterator
from typing import Any

from requests_portal.public.forms.base import Answers, chosen_kinds, first_value
from requests_portal.public.forms.items import DETAILED
from requests_portal.public.forms.people import residence_of
from requests_portal.public.pages import Page
from requests_portal.public.steps import STEPS, is_for_somebody_else
from workflows.cases.filing_request import (
    KIN_FIELDS,
    Details,
    FiledIdentifier,
    FiledItem,
    FilingRequest,
)

# Details that the domain keeps as lists.
_LINES = "urls"
_WHOLE = "prompts"


def filing_request(answers: Answers, language: str) -> FilingRequest:
    """Return the request for answers of which every applicable page is complete."""
    values: dict[str, Any] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    for step in STEPS:
        if step.applies(answers):
            rows[step.slug] = Page(step, answers, check=True).cleaned()
            if step.most_rows == 1:
                values.update(rows[step.slug][0])
    represented = is_for_somebody_else(answers)
    return FilingRequest(
        items=tuple(_items(chosen_kinds(answers), rows)),
        residence=residence_of(answers),
        language=language,
        subject_name=values["subject_name"],
        identifiers=tuple(
            FiledIdentifier(row["kind"], row["value"]) for row in rows["identifiers"]
        ),
        requester_role=first_value(answers, "role", "role"),
        requester_name=values["requester_name"] if represented else "",
        authority=values["authority"] if represented else "",
        **{name: values.get(name, "") for name in KIN_FIELDS if represented},
        email=values["email"],
        phone=values["phone"],
        service=values["service"],
    )


def _items(kinds: list[str], rows: dict[str, list[dict[str, Any]]]) -> Iterator[FiledItem]:
    """Yield an item for each row of a kind with questions of its own, else one for the kind."""
    for kind in kinds:
        if kind in DETAILED:
            yield from (FiledItem(kind, _details(row)) for row in rows[kind])
        else:
            statement = rows["statements"][0][kind]
            yield FiledItem(kind, {"statement": statement} if statement else {})


def _details(row: dict[str, str]) -> Details:
    """Return what was filled in, lists where the domain keeps lists."""
    details: Details = {}
    for name, text in row.items():
        if not text:
            continue
        if name == _LINES:
            details[name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif name == _WHOLE:
            details[name] = [text]
        else:
            details[name] = text
    return details
