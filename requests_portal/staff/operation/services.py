"""What keeps the portal running: failed effects, exports, witnesses, teams and rules."""

import json
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from requests_portal.sign_in.people import CASE_ROLES, display_name
from requests_portal.staff.base.model_admin import (
    KEPT,
    ReadOnlyAdmin,
    StaffAdmin,
    column,
)
from workflows.exports.models import BundleJob
from workflows.outbox.models import Effect
from workflows.outbox.services import retry_dead_letter
from workflows.regimes.services import all_regimes
from workflows.routing.models import RoutingRule, Team
from workflows.vocabulary.item_kinds import ItemKind
from workflows.witnesses.models import Witness


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin):
    """Effects that were given up after all their attempts. They hold ids, nothing personal."""

    list_display = ("kind", "last_error", "attempts", "created_at", "due_at")
    list_filter = ("kind", "last_error")
    ordering = ("created_at",)
    show_full_result_count = False
    actions = ("retry", "retry_kinds")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Effect]:
        """Return the dead ones; the others need nobody."""
        return super().get_queryset(request).filter(state=Effect.State.DEAD)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Let those retry who hold the permission to change effects."""
        return request.user.has_perm("outbox.change_effect")

    @admin.action(description=gettext_lazy("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Effect]) -> None:
        """Give the selected ones all their attempts again."""
        self._tell(request, retry_dead_letter(queryset))

    @admin.action(
        description=gettext_lazy("Try all of the same kinds again"), permissions=["retry"]
    )
    def retry_kinds(self, request: HttpRequest, queryset: QuerySet[Effect]) -> None:
        """Give those of the kinds of the selected ones all their attempts again."""
        kinds = set(queryset.values_list("kind", flat=True))
        self._tell(request, retry_dead_letter(Effect.objects.filter(kind__in=kinds)))

    def _tell(self, request: HttpRequest, count: int) -> None:
        messages.success(
            request,
            ngettext(
                "%(count)d effect will be tried again.",
                "%(count)d effects will be tried again.",
                count,
            )
            % {"count": count},
        )


@admin.register(BundleJob)
class BundleJobAdmin(ReadOnlyAdmin):
    """Who exported what, for which regime. The files themselves are not reached from here."""

    list_display = ("created_at", "regime", "requested_by", "state", "done", "total", "expires_at")
    list_filter = ("regime", "state")
    list_select_related = ("requested_by",)
    fields = (
        "regime",
        "requested_by",
        "chosen",
        "state",
        "done",
        "total",
        "size",
        "sha256",
        "log_size",
        "error",
        "created_at",
        "finished_at",
        "expires_at",
    )
    readonly_fields = ("chosen",)

    chosen = column(
        gettext_lazy("filters"), lambda job: json.dumps(job.filters, ensure_ascii=False)
    )


@admin.register(Witness)
class WitnessAdmin(ReadOnlyAdmin):
    """How far each witness has signed, and why one does not. Witnesses come from the settings."""

    list_display = ("name", "size", "signed_at", "asked_at", "failures", "error")
    search_fields = ("vkey",)
    ordering = ("vkey",)
    fields = ("vkey", "size", "signed_at", "asked_at", "failures", "error")

    name = column(gettext_lazy("name"), "name", ordering="vkey")


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
        field.choices = [(regime.code, regime.code) for regime in all_regimes()]


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
