"""What the person says about each thing that they want."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms.base import QuestionForm, TextField, chosen_kinds, long_text
from workflows.cases.filing_request import MAX_ENTRIES
from workflows.vocabulary.item_kinds import KINDS_ON_FORM, ItemKind, QuestionPage, Sentence


class DetailsForm(QuestionForm):
    """One item of a kind with questions of its own, which are the fields of its subclasses."""

    too_many: ClassVar[Mapping[str, Sentence]] = {}

    def clean(self) -> dict[str, Any]:
        """Refuse more entries, one a line, than the domain takes."""
        for name, sentence in self.too_many.items():
            if len(self.cleaned_data.get(name, "").splitlines()) > MAX_ENTRIES:
                self.add_error(name, sentence % {"count": MAX_ENTRIES})
        return self.cleaned_data


def _form_of(kind: ItemKind, page: QuestionPage) -> type[DetailsForm]:
    """Make the form that asks the questions of a kind."""
    fields = {
        question.detail: long_text(
            label=question.label,
            help_text=question.hint,
            rows=question.rows,
            required=bool(question.required),
            error_messages={"required": question.required},
        )
        for question in page.questions
    }
    too_many = {each.detail: each.too_many for each in page.questions if each.too_many}
    body = {**fields, "too_many": too_many, "__doc__": f"One item of the kind {kind.value}."}
    return type(f"{kind.name.title()}Form", (DetailsForm,), body)


# The kinds with a page of their own; the others are asked about together on one page.
DETAILED = {kind: _form_of(kind, page) for kind in KINDS_ON_FORM if (page := kind.definition.page)}


def undetailed_kinds(kinds: list[str]) -> list[str]:
    """Return the chosen kinds that have no page of their own."""
    return [kind for kind in kinds if kind in ItemKind.values and kind not in DETAILED]


class StatementsForm(QuestionForm):
    """A free text for each chosen kind without questions of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in undetailed_kinds(chosen_kinds(self.answers)):
            asked = ItemKind(kind).definition
            required = asked.statement_required
            label = gettext("%(label)s (optional)") % {"label": asked.label}
            self.fields[kind] = long_text(
                label=asked.label if required else label,
                help_text=asked.statement_hint,
                rows=3,
                required=bool(required),
                error_messages={"required": required},
            )


class FilesForm(QuestionForm):
    """The page for files; what was uploaded lies with the draft."""


class ServiceForm(QuestionForm):
    """The product in which the person met their information."""

    service = TextField(
        label=_("Which service or model is it about?"),
        help_text=_(
            "For example the name of an app, of a website or of a model."
            " Leave it empty if you do not know, or if it is about all of them."
        ),
        required=False,
    )
