"""Errors of notices. Nothing has been changed or sent when one is raised."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from workflows.common.errors import DomainError
from workflows.vocabulary.notices import NoticeElement, NoticeKind


class ElementMissing(DomainError):
    """A notice lacks what the law says it must contain, and was not sent."""

    def __init__(self, kind: str, elements: Collection[str], where: Collection[str] = ()) -> None:
        """Name the elements; `where` are sentences on where what they need is filled in."""
        self.kind = kind
        self.elements = tuple(sorted(elements))
        self.where = tuple(dict.fromkeys(where))
        missing = _(
            "%(notice)s: it cannot be sent, for the law says that it must also tell: %(what)s."
        ) % {"notice": NoticeKind(kind).label, "what": names_of(self.elements)}
        super().__init__(" ".join([missing, *self.where]))


class TextRefused(DomainError):
    """A text of a notice cannot be published as it is. `faults` are sentences, one a fault."""

    def __init__(self, faults: Collection[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(self.faults))


def names_of(elements: Collection[str]) -> str:
    """Return what elements are called, as one text."""
    return _("; ").join(str(NoticeElement(element).label) for element in elements)
