"""The base of the staff's admin classes: that of the theme, which a type checker cannot read."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    StaffAdmin = ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as StaffAdmin

__all__ = ["StaffAdmin"]
