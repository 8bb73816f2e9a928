"""The lines of an error summary."""

from dataclasses import dataclass

from django.forms import BoundField, Form


@dataclass(frozen=True, slots=True)
class PageError:
    """One line of the error summary: the id to which it leads, and how to mend it."""

    anchor: str
    message: str


def anchor_of(field: BoundField) -> str:
    """Return the id of the first control of a field."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.auto_id


def page_errors(*forms: Form) -> list[PageError]:
    """Return what is wrong in some forms, in the order of their fields."""
    return [
        PageError(anchor_of(field), str(message))
        for form in forms
        if form.is_bound
        for field in form
        for message in field.errors
    ]
