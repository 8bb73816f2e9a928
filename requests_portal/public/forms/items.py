"""What the person says about each thing that they want."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms.base import QuestionForm, Sentence, chosen_kinds, long_text
from workflows.cases.filing_request import MAX_ENTRIES
from workflows.vocabulary.item_kinds import ItemKind

_WHERE_SEEN = _("For example a web address, the name of an app, or the date of a conversation.")


class CorrectionForm(QuestionForm):
    """One thing that is wrong."""

    claimed = long_text(
        label=_("What is wrong?"),
        help_text=_("Write it as you saw it."),
        rows=3,
        error_messages={"required": _("Write what is wrong.")},
    )
    correct = long_text(
        label=_("What would be right?"),
        rows=3,
        error_messages={"required": _("Write what would be right.")},
    )
    where_seen = long_text(
        label=_("Where did you see it? (optional)"), help_text=_WHERE_SEEN, rows=2, required=False
    )


class SupplementForm(QuestionForm):
    """One thing that is missing."""

    correct = long_text(
        label=_("What is missing?"),
        help_text=_("Write it as it should be."),
        rows=3,
        error_messages={"required": _("Write what is missing.")},
    )
    claimed = long_text(
        label=_("What does it say now? (optional)"),
        rows=3,
        required=False,
    )
    where_seen = long_text(
        label=_("Where did you see it? (optional)"), help_text=_WHERE_SEEN, rows=2, required=False
    )


class ModelOutputForm(QuestionForm):
    """One thing that a model said about the person."""

    statement = long_text(
        label=_("What did the model say?"),
        help_text=_("Copy the answer, or the part that matters. Screenshots can be added later."),
        rows=5,
        error_messages={"required": _("Write what the model said.")},
    )
    prompts = long_text(
        label=_("What had you typed? (optional)"),
        help_text=_("With the same words we can try to get the same answer again."),
        rows=3,
        required=False,
    )
    correct = long_text(
        label=_("What would be right? (optional)"),
        help_text=_("Leave it empty if the answer is true but should not be told."),
        rows=2,
        required=False,
    )
    urls = long_text(
        label=_("Links to the conversation (optional)"),
        help_text=_("One address per line."),
        rows=2,
        required=False,
    )

    def clean_urls(self) -> str:
        """Return the links; refuse more of them than the domain takes."""
        urls: str = self.cleaned_data["urls"]
        if len(urls.splitlines()) > MAX_ENTRIES:
            raise ValidationError(gettext("Give at most %(count)s links.") % {"count": MAX_ENTRIES})
        return urls


# Kinds with questions of their own; the others are asked about together on one page.
DETAILED = {
    ItemKind.CORRECT: CorrectionForm,
    ItemKind.SUPPLEMENT: SupplementForm,
    ItemKind.MODEL_OUTPUT: ModelOutputForm,
}
# Without words of the person nobody could handle these.
MUST_BE_STATED: dict[str, Sentence] = {
    ItemKind.COMPLAINT: _("Write what you are not satisfied with."),
    ItemKind.IP_CLAIM: _("Write which work it is, and what right you have in it."),
    ItemKind.TRANSFER: _("Write to which provider we should send the information."),
}
_HINTS: dict[str, Sentence] = {
    ItemKind.CONSULT: _("If you look for something particular, name it."),
    ItemKind.COPY: _("If you need only a part, say which."),
    ItemKind.DELETE: _("Which information, and where did you see it? Your reasons, if you like."),
    ItemKind.EXPLAIN: _("What would you like to know?"),
    ItemKind.RESTRICT: _("Which use should be limited, and why?"),
    ItemKind.OBJECT: _("Which use do you object to, and what in your situation speaks against it?"),
    ItemKind.WITHDRAW_CONSENT: _("To what had you agreed, and when, as far as you remember?"),
    ItemKind.TRANSFER: _("To which provider, and what?"),
    ItemKind.OPT_OUT_TRAINING: _("Which information, or which pages and accounts of yours?"),
    ItemKind.COMPLAINT: _("What went wrong? Give the number of the earlier case if you have it."),
    ItemKind.IP_CLAIM: _("Which work, what right do you have in it, and where was it used?"),
}


def undetailed_kinds(kinds: list[str]) -> list[str]:
    """Return the chosen kinds that have no page of their own."""
    return [kind for kind in kinds if kind in ItemKind.values and kind not in DETAILED]


class StatementsForm(QuestionForm):
    """A free text for each chosen kind without questions of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in undetailed_kinds(chosen_kinds(self.answers)):
            required = kind in MUST_BE_STATED
            label = ItemKind(kind).label
            self.fields[kind] = long_text(
                label=label if required else gettext("%(label)s (optional)") % {"label": label},
                help_text=_HINTS[kind],
                rows=3,
                required=required,
                error_messages={"required": MUST_BE_STATED.get(kind, "")},
            )


class FilesForm(QuestionForm):
    """The page for files; what was uploaded lies with the draft."""
