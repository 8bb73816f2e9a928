"""What people come for, in everyday words: the choices of the request form.

Each kind of item belongs to one of them, which its definition in `item_kinds.py` names.
"""

from typing import Self

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Wish(TextChoices):
    """One choice of the form, in the order of the page, with the line beneath it."""

    explanation: str | Promise

    WRONG_OUTPUT = (
        "wrong_output",
        _("A model gave an answer about you that is wrong, private or harmful."),
        _("A model said something wrong about me"),
    )
    OUT_OF_TRAINING = (
        "out_of_training",
        _("You want us to delete information about you and stop training models on it."),
        _("Take me out of the training data"),
    )
    SHOW = (
        "show",
        _("You want to know which information about you we hold, and what for."),
        _("Show me what you have about me"),
    )
    CORRECT = (
        "correct",
        _("Information about you is wrong, or something is missing."),
        _("Correct or add something"),
    )
    WORK_USED = (
        "work_used",
        _("You hold the rights in a work that was used without your permission."),
        _("My work was used for training"),
    )
    COMPLAIN = (
        "complain",
        _("You are not satisfied with how we handled an earlier request."),
        _("Complain about how a request was handled"),
    )

    def __new__(cls, value: str, explanation: str | Promise) -> Self:
        """Make a member of its code and the line beneath it; its label Django keeps."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.explanation = explanation
        return member
