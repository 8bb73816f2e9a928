"""The base of the staff's admin classes: that of the theme, which a type checker cannot read."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError, transaction
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    ThemeAdmin = ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as ThemeAdmin

__all__ = ["StaffAdmin"]


class StaffAdmin(ThemeAdmin):
    """Lists, forms and pages of the staff."""

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
