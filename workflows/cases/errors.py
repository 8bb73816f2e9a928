"""Errors of cases. Each says what was refused; nothing has been changed when one is raised."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.cases.names import REFUSAL_TEXTS
from workflows.common.errors import DomainError


class MoveRefused(DomainError):
    """The lifecycle does not allow this action now. `reason` is a code of `names.REFUSAL_TEXTS`."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(str(REFUSAL_TEXTS[reason]))


class InvalidFiling(DomainError):
    """A request cannot be filed as it is. `errors` maps a field to sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = dict(errors)
        super().__init__(_("The request is not complete or not right."))


class UnknownReceipt(DomainError):
    """No case has this number and receipt; says the same whichever of the two is wrong."""

    def __init__(self) -> None:
        super().__init__(_("The case number and the receipt do not fit together."))


class TooManyAttempts(DomainError):
    """Too many wrong receipts were tried of late. `wait` is how long the next try has to wait."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        seconds = max(1, ceil(wait.total_seconds()))
        super().__init__(
            ngettext(
                "There were too many wrong attempts. Wait %(seconds)s second, then try again.",
                "There were too many wrong attempts. Wait %(seconds)s seconds, then try again.",
                seconds,
            )
            % {"seconds": seconds}
        )


class AttemptReused(DomainError):
    """The same attempt to file came back with another content."""

    def __init__(self) -> None:
        super().__init__(_("This key was already used for a request with another content."))
