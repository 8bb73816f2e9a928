"""What the register refuses. Nothing has been changed when one of these is raised."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from workflows.cases.errors import CaseError


class RegisterRefused(CaseError):
    """A change of the register is not allowed to this person, or not now."""


class InvalidEntry(CaseError):
    """An entry cannot be registered as it is. `errors` maps a field to sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = dict(errors)
        super().__init__(_("The entry is not complete or not right."))
