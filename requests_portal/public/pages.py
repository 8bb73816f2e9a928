"""A page of the request form: its rows as forms, read from what was sent or from the draft."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict

from requests_portal.presentation.responses import PageError
from requests_portal.public.forms.base import (
    Answers,
    QuestionForm,
    TypedRow,
    chosen_kinds,
    first_value,
    is_blank,
)
from requests_portal.public.forms.items import DETAILED
from requests_portal.public.forms.people import residence_of
from requests_portal.public.steps import STEPS, FormStep, applicable_steps, is_for_somebody_else
from workflows.cases.filing_request import (
    KIN_FIELDS,
    Details,
    FiledIdentifier,
    FiledItem,
    FilingRequest,
)


def _prefix(step: FormStep, number: int) -> str | None:
    return str(number) if step.most_rows > 1 else None


class Page:
    """The forms of one step, one for each row.

    With `check`, blank rows beyond those that must be filled in are left out, and the forms are
    bound, so that they find what is wrong. Without, they only show what was typed.
    """

    def __init__(self, step: FormStep, answers: Answers, *, check: bool) -> None:
        self.step = step
        rows = answers.get(step.slug) or [{}]
        if check and step.most_rows > 1:
            rows = [row for row in rows if not is_blank(row)]
            rows += [{}] * (step.least_rows - len(rows))
        self.forms = [
            self._form(number, row, answers, check=check) for number, row in enumerate(rows)
        ]

    def _form(self, number: int, row: TypedRow, answers: Answers, *, check: bool) -> QuestionForm:
        prefix = _prefix(self.step, number)
        if not check:
            return self.step.form(initial=row, prefix=prefix, answers=answers)
        data = {f"{prefix}-{name}" if prefix else name: value for name, value in row.items()}
        return self.step.form(data, prefix=prefix, answers=answers)

    def is_valid(self) -> bool:
        """Return whether everything on the page is right; only for a page made with `check`."""
        return all(form.is_valid() for form in self.forms)

    def errors(self) -> list[PageError]:
        """Return what is wrong, in the order of the fields."""
        return [error for form in self.forms for error in form.page_errors()]

    def cleaned(self) -> list[dict[str, Any]]:
        """Return the checked values of each row."""
        return [form.cleaned_data for form in self.forms if form.is_valid()]

    def in_words(self) -> Iterator[tuple[str, list[str]]]:
        """Yield label and texts of every answer of a valid page, for the summary."""
        for form in self.forms:
            if form.is_valid():
                yield from form.in_words()


def read_rows(step: FormStep, sent: QueryDict, answers: Answers) -> list[TypedRow]:
    """Return what was typed on a page, as it was typed; never fewer than one row."""
    rows: list[TypedRow] = []
    for number in range(step.most_rows):
        form = step.form(prefix=_prefix(step, number), answers=answers)
        if number and not any(form.add_prefix(name) in sent for name in form.fields):
            break
        rows.append(_read_row(form, sent))
    return rows


def _read_row(form: QuestionForm, sent: QueryDict) -> TypedRow:
    row: TypedRow = {}
    for name, field in form.fields.items():
        key = form.add_prefix(name)
        if isinstance(field, forms.MultipleChoiceField):
            # One more than there are choices, so that a wrong one is found.
            most = len(list(field.widget.choices)) + 1
            row[name] = list(dict.fromkeys(sent.getlist(key)))[:most]
        elif key in sent:
            row[name] = sent[key]
    return form.as_kept(row)


def is_complete(step: FormStep, answers: Answers) -> bool:
    """Return whether a page was answered, and rightly."""
    return step.slug in answers and Page(step, answers, check=True).is_valid()


def first_incomplete(answers: Answers) -> FormStep | None:
    """Return the first page that still has to be answered, or None."""
    return next(
        (step for step in applicable_steps(answers) if not is_complete(step, answers)), None
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
