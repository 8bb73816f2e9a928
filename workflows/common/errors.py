"""What the domain refuses. Nothing has been changed when one of these is raised."""

from collections.abc import Mapping

from django.utils.translation import gettext as _


class DomainError(Exception):
    """Something was refused. `str()` is a sentence for the person who tried."""


class InvalidInput(DomainError):
    """An input of an action is missing or not right."""


class Refused(DomainError):
    """What was asked for is not allowed to this person, or not now."""


class InvalidEntry(DomainError):
    """An entry cannot be registered as it is. `errors` maps a field to sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = dict(errors)
        super().__init__(_("The entry is not complete or not right."))
