"""The forms on the status pages: log-in, message, withdrawal, objection, complaint."""

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms.base import QuestionForm, TextField
from workflows.common.inputs import MAX_BODY


class ReceiptForm(QuestionForm):
    """Case number and receipt, forgiving about spaces, hyphens and small letters."""

    number = TextField(
        label=_("Case number"),
        help_text=_("It looks like 2026-7K3Q-9XWB."),
        widget=forms.TextInput(attrs={"class": "code", "spellcheck": "false"}),
        error_messages={"required": _("Enter the case number.")},
    )
    receipt = TextField(
        label=_("Receipt"),
        help_text=_("Seven groups of four letters and digits, from the page after sending."),
        widget=forms.TextInput(attrs={"class": "code", "spellcheck": "false"}),
        error_messages={"required": _("Enter the receipt.")},
    )


class MessageForm(QuestionForm):
    """A message of the person."""

    body = TextField(
        label=_("Your message"),
        limit=MAX_BODY,
        rows=8,
        error_messages={"required": _("Write a message first.")},
    )


class WithdrawalForm(QuestionForm):
    """The withdrawal, with reasons if the person likes."""

    reasons = TextField(
        label=_("Your reasons (optional)"),
        help_text=_("Nobody needs a reason to withdraw."),
        limit=MAX_BODY,
        rows=4,
        required=False,
    )


class ObjectionForm(QuestionForm):
    """Why the person does not agree with the answer."""

    reasons = TextField(
        label=_("What is wrong with the answer?"),
        help_text=_("Someone who had no part in the answer will look at it."),
        limit=MAX_BODY,
        rows=8,
        error_messages={"required": _("Write what is wrong with the answer.")},
    )


class SeparationForm(QuestionForm):
    """That two cases which were merged are not one, with reasons if the person likes."""

    reasons = TextField(
        label=_("What is different about this case? (optional)"),
        limit=MAX_BODY,
        rows=4,
        required=False,
    )


class ComplaintForm(QuestionForm):
    """What the person complains about."""

    reasons = TextField(
        label=_("What do you complain about?"),
        help_text=_(
            "Say what went wrong and what should be done. Someone who had no part in it will look"
            " at it, and you get the outcome here."
        ),
        limit=MAX_BODY,
        rows=8,
        error_messages={"required": _("Write what you complain about.")},
    )


class ComplaintWithdrawalForm(QuestionForm):
    """Asks once more before a complaint is withdrawn."""
