"""The base of the staff's admin classes: that of the theme, which a type checker cannot read.

What a list shows and what nobody may do with it is said as data: `column`, `StaffAdmin.forbidden`.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError, transaction
from django.http import HttpRequest
from unfold import decorators

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    class ThemeAdmin(ModelAdmin[Any]):
        """What the theme adds to Django's class, as far as we call it."""

        def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
            """Return the buttons of an entry."""
            raise NotImplementedError

else:
    from unfold.admin import ModelAdmin as ThemeAdmin

__all__ = ["StaffAdmin", "action", "column"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
# What is only looked at.
READ_ONLY = frozenset({"add", "change", "delete"})
# What stands once it was added: whatever rests on it must stay true.
APPEND_ONLY = frozenset({"change", "delete"})
KEPT = frozenset({"delete"})


def column(
    heading: Any,
    shown: str | Callable[[Any], Any],
    *,
    ordering: str | None = None,
    boolean: bool | None = None,
) -> Callable[[Any, Any], Any]:
    """Return a column of a list, or a line of a page, that only shows something of an entry.

    `shown` is a function of the entry, or the path of an attribute: `case.number`.
    """
    show = attrgetter(shown) if isinstance(shown, str) else shown

    @admin.display(description=heading, ordering=ordering, boolean=boolean)
    def cell(_admin: Any, entry: Any) -> Any:
        return show(entry)

    return cell


def action(
    *, description: Any, url_path: str, permissions: list[str] | None = None
) -> Callable[[ViewT], ViewT]:
    """Return the theme's decorator of a page behind a button of an entry, which has no types."""
    marked: Callable[[ViewT], ViewT] = decorators.action(
        description=description, url_path=url_path, permissions=permissions
    )
    return marked


class StaffAdmin(ThemeAdmin):
    """Lists, forms and pages of the staff."""

    # What nobody may do here, whatever their permissions are.
    forbidden: frozenset[str] = frozenset()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether entries may be added."""
        return "add" not in self.forbidden and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether an entry may be changed."""
        return "change" not in self.forbidden and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether an entry may be deleted."""
        return "delete" not in self.forbidden and super().has_delete_permission(request, obj)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list; take a filter that the database refuses for one that is not right.

        Django does so for what is wrong with a value before it is asked.
        """
        try:
            with transaction.atomic():
                return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:
            if not request.GET:
                raise
            raise IncorrectLookupParameters from error
