"""What all forms of the public interface share."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from requests_portal.presentation.responses import PageError, page_errors
from workflows.cases.filing_request import MAX_SHORT, MAX_TEXT
from workflows.vocabulary.item_kinds import Sentence

# What a person typed, by the slug of the page: the rows of the page, each a field's name with the
# text, or with the texts where several can be chosen. Raw, so that a faulty answer is kept too.
TypedRow = dict[str, Any]
Answers = dict[str, list[TypedRow]]


class TextField(forms.CharField):
    """A text with a limit that is told and checked, but not cut off while pasting."""

    def __init__(self, *, limit: int = MAX_SHORT, rows: int = 0, **kwargs: Any) -> None:
        if rows:
            kwargs["widget"] = forms.Textarea(attrs={"rows": rows, "data-limit": limit})
        super().__init__(**kwargs)
        self.validators.append(
            MaxLengthValidator(limit, _("Write at most %(limit_value)s characters."))
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Add `autocomplete="off"` unless the widget says what the browser may fill in."""
        attrs = super().widget_attrs(widget)
        if "autocomplete" not in widget.attrs:
            attrs["autocomplete"] = "off"
        return attrs


def long_text(*, rows: int = 4, **kwargs: Any) -> TextField:
    """Return a field for a longer text, as long as the domain takes one."""
    return TextField(limit=MAX_TEXT, rows=rows, **kwargs)


class QuestionForm(forms.Form):
    """One page of questions, or one row of a page on which rows can be added.

    `answers` are all answers so far, for pages that depend on earlier ones.
    """

    use_required_attribute = False
    # A line of explanation beneath an option, by the field's name and the option's value.
    option_hints: Mapping[str, Mapping[str, Sentence]] = {}
    # How it is shown, where it is more than its fields one beneath the other.
    page_template = ""

    def __init__(self, *args: Any, answers: Answers | None = None, **kwargs: Any) -> None:
        self.answers = answers or {}
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def as_kept(self, row: TypedRow) -> TypedRow:
        """Return what the draft keeps of what was sent."""
        return row

    def page_errors(self) -> list[PageError]:
        """Return what is wrong, each with where it can be mended."""
        return page_errors(self)

    def in_words(self) -> Iterator[tuple[str, list[str]]]:
        """Yield label and texts of every checked answer that was given, for the summary."""
        for field in self:
            texts = _texts(field, self.cleaned_data.get(field.name))
            if texts:
                yield str(field.label), texts


def _texts(field: forms.BoundField, value: Any) -> list[str]:
    """Return a checked value as a person reads it."""
    if isinstance(field.field, forms.BooleanField):
        return [str(field.label)] if value else []
    values = value if isinstance(value, list) else [value]
    if isinstance(field.field, forms.ChoiceField):
        # The choices as the field's widget has them, which are always a list.
        names = {str(code): str(name) for code, name in field.field.widget.choices}
        return [names[str(code)] for code in values if code]
    return [str(text) for text in values if text]


def set_choices(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    """Give a field its choices when the form is made, in the language of the page."""
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def is_blank(row: TypedRow) -> bool:
    """Return whether nothing was typed into a row."""
    return not any(value.strip() if isinstance(value, str) else value for value in row.values())


def first_value(answers: Answers, slug: str, field: str) -> str:
    """Return one answer as it was typed, or an empty text."""
    rows = answers.get(slug) or [{}]
    value = rows[0].get(field, "")
    return value if isinstance(value, str) else ""


def chosen_kinds(answers: Answers) -> list[str]:
    """Return the kinds of item that were chosen, in the order of the page."""
    rows = answers.get("wishes") or [{}]
    kinds = rows[0].get("kinds", [])
    return kinds if isinstance(kinds, list) else []
