"""What a privacy officer keeps in order: teams, and the rules that route to them."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from requests_portal.staff.base_admin import KEPT, StaffAdmin, column
from requests_portal.staff.people import CASE_ROLES, display_name
from workflows.routing.models import RoutingRule, Team
from workflows.vocabulary.item_kinds import ItemKind


class MembersField(forms.ModelMultipleChoiceField):
    """Chooses members of staff by name."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def label_from_instance(self, obj: User) -> str:
        """Return the name."""
        return display_name(obj)


@admin.register(Team)
class TeamAdmin(StaffAdmin):
    """Teams and their members."""

    # Cases were assigned to it.
    forbidden = KEPT

    list_display = ("name", "email", "size")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Return the teams with their sizes."""
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(number=Count("members"))

    size = column(gettext_lazy("members"), lambda team: int(getattr(team, "number", 0)))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer those who work on cases as members."""
        if db_field.name == "members":
            workers = User.objects.filter(is_active=True, groups__name__in=CASE_ROLES)
            return MembersField(
                workers.distinct().order_by("username"), required=False, label=_("Members")
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def _choices(label: Any, choices: Iterable[tuple[str, Any]] = ()) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        help_text=gettext_lazy("None ticked: the rule holds for all."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


class RoutingRuleForm(forms.ModelForm):
    """A rule with boxes to tick in place of raw lists."""

    kinds = _choices(gettext_lazy("Item kinds"), ItemKind.choices)
    regimes = _choices(gettext_lazy("Regimes"))
    languages = _choices(gettext_lazy("Languages"), settings.LANGUAGES)

    class Meta:
        model = RoutingRule
        fields = ("position", "kinds", "regimes", "languages", "team")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.MultipleChoiceField, self.fields["regimes"])
        field.choices = [(code, code) for code in settings.PROVIDER_REGIMES]


@admin.register(RoutingRule)
class RoutingRuleAdmin(StaffAdmin):
    """Rules that send new cases to teams; the first that matches wins."""

    form = RoutingRuleForm
    list_display = ("position", "team", "kind_names", "regime_codes", "language_codes")
    list_select_related = ("team",)

    kind_names = column(
        gettext_lazy("item kinds"),
        lambda rule: "; ".join(str(ItemKind(kind).label) for kind in rule.kinds) or _("All"),
    )
    regime_codes = column(gettext_lazy("regimes"), lambda rule: ", ".join(rule.regimes) or _("All"))
    language_codes = column(
        gettext_lazy("languages"), lambda rule: ", ".join(rule.languages) or _("All")
    )
