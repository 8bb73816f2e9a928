"""Announced working days and published time limits: lists, and forms that load new ones."""

import re
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from requests_portal.presentation.deadlines import citation_texts
from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import ServiceFormAdmin, column
from workflows.cases.recalculation import apply_holiday_notice, preview_notice, publish_limit
from workflows.common.errors import InvalidInput
from workflows.regimes.calendar_store import checked_notice
from workflows.regimes.calendars import UnknownRegionError
from workflows.regimes.explain import length
from workflows.regimes.limits import LimitableClock, offered_clocks
from workflows.regimes.models import BusinessCalendar, PublishedLimit
from workflows.regimes.services import UnknownRegimeError, all_regimes, get_regime
from workflows.vocabulary.places import place_name

_BETWEEN = "|"


class DatesField(forms.CharField):
    """Days as ISO dates, one a line or with commas between them."""

    widget = UnfoldAdminTextareaWidget

    def clean(self, value: Any) -> list[date]:
        """Return the days."""
        words = re.split(r"[\s,，、;；]+", super().clean(value))
        try:
            return [date.fromisoformat(word) for word in words if word]
        except ValueError:
            raise forms.ValidationError(_("Write days like 2027-01-31, one a line.")) from None


def calendar_names() -> list[str]:
    """Return the calendars that the regimes count in."""
    regimes = all_regimes()
    names = {place.calendar for regime in regimes for place in regime.places.values()}
    return sorted(names - {"none"})


def _with_code(name: str) -> str:
    """Return the name of a calendar as staff read it: `AT · Austria`."""
    place = place_name(name)
    return name if place == name else f"{name} · {place}"


class NoticeForm(forms.Form):
    """A notice of the days off and the extra working days of a year."""

    region = forms.ChoiceField(label=gettext_lazy("Region"), widget=UnfoldAdminSelectWidget)
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=2000,
        max_value=2100,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=BusinessCalendar.Status.choices,
        widget=UnfoldAdminSelectWidget,
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        help_text=gettext_lazy("Who announced it, where and when."),
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
    )
    days_off = DatesField(
        label=gettext_lazy("Days off"),
        help_text=gettext_lazy("Every day of the notice, weekends too; one a line."),
    )
    extra_working_days = DatesField(
        label=gettext_lazy("Weekend days that are working days"),
        help_text=gettext_lazy("One a line."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # None is chosen beforehand, lest a notice be loaded for the first of the list by oversight.
        cast(forms.ChoiceField, self.fields["region"]).choices = [
            ("", _("Choose from the list")),
            *((name, _with_code(name)) for name in calendar_names()),
        ]
        self.initial.setdefault("year", timezone.localdate().year + 1)


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(ServiceFormAdmin):
    """The notices that were loaded. One that replaces another is loaded in its place."""

    service_form = NoticeForm
    service_template = "staff/notice.html"
    service_title = gettext_lazy("Load a notice of working days")

    list_display = ("region", "year", "status", "source", "loaded_at")
    list_filter = ("region", "status")

    def preview(self, form: NoticeForm) -> dict[str, Any] | None:
        """Return what the notice says and which dates it would move; load nothing."""
        try:
            notice = checked_notice(**form.cleaned_data)
        except (UnknownRegionError, ValueError) as refused:
            form.add_error(None, str(refused))
            return None
        return {
            "days_off": sorted(notice.days_off),
            "working_days": sorted(notice.extra_working_days),
            "found": preview_notice(notice),
        }

    def submit(self, request: HttpRequest, form: NoticeForm) -> bool:
        """Load the notice; put what was refused into the form."""
        try:
            years = apply_holiday_notice(loaded_by=actor_of(request).pseudonym, **form.cleaned_data)
        except (UnknownRegionError, ValueError) as refused:
            form.add_error(None, str(refused))
            return False
        if years:
            messages.success(request, _("The notice was loaded."))
        else:
            messages.info(request, _("This notice was loaded before; nothing changed."))
        return True


def served_clocks() -> list[LimitableClock]:
    """Return the clocks of all laws. One query."""
    return offered_clocks(all_regimes(), timezone.now())


def clock_name(regime: str, kind: str) -> str:
    """Return the names of a regime and of one of its clocks, as far as they are known here."""
    language = get_language() or "en"
    try:
        rules = get_regime(regime)
    except UnknownRegimeError:
        return f"{regime} · {kind}"
    clock = rules.clocks.get(kind)
    name = clock.name.in_language(language) if clock else kind
    return f"{rules.name.in_language(language)} · {name}"


class LimitForm(forms.Form):
    """A limit for one clock and the day from which it holds."""

    clock = forms.ChoiceField(label=gettext_lazy("Time limit for"), widget=UnfoldAdminSelectWidget)
    amount = forms.IntegerField(
        label=gettext_lazy("Our limit"),
        min_value=1,
        max_value=1200,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=PublishedLimit.Unit.choices,
        widget=UnfoldAdminSelectWidget,
    )
    valid_from = forms.DateField(
        label=gettext_lazy("For requests received from"),
        help_text=gettext_lazy("Today at the earliest; what was filed before keeps its dates."),
        widget=forms.DateInput(attrs={"type": "date", "class": "staff-date"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["clock"]).choices = [
            (
                f"{each.regime.code}{_BETWEEN}{each.clock.kind}",
                clock_name(each.regime.code, each.clock.kind),
            )
            for each in served_clocks()
        ]
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.initial.setdefault("valid_from", tomorrow.isoformat())


@admin.register(PublishedLimit)
class PublishedLimitAdmin(ServiceFormAdmin):
    """Every version of every limit. A new one is published; none is edited or taken away."""

    service_form = LimitForm
    service_template = "staff/limit.html"
    service_title = gettext_lazy("Publish a time limit")
    # The law's own limits apply where none was published.
    list_before_template = "staff/legal_limits.html"

    list_display = ("of_clock", "limit", "valid_from", "published_at")
    list_filter = ("regime",)

    of_clock = column(
        gettext_lazy("time limit"), lambda row: clock_name(row.regime, row.clock), ordering="regime"
    )
    limit = column(gettext_lazy("limit"), lambda row: length(row.unit, row.amount))

    def service_context(self) -> dict[str, Any]:
        """Return what the law says of each clock, and what was published."""
        language = get_language() or "en"
        return {
            "clocks": [
                {
                    "law": each.regime.name.in_language(language),
                    "name": each.clock.name.in_language(language),
                    "rule": each.clock.text.in_language(language),
                    "sources": citation_texts(each.clock.rule.citations),
                    "ours": length(each.promise.unit, each.promise.amount) if each.promise else "",
                    "since": each.promise.since if each.promise else None,
                }
                for each in served_clocks()
            ],
        }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the versions, and the limits of the law above them."""
        return super().changelist_view(request, {**self.service_context(), **(extra_context or {})})

    def submit(self, request: HttpRequest, form: LimitForm) -> bool:
        """Publish the limit; put what was refused into the form."""
        data = form.cleaned_data
        regime, _between, kind = data["clock"].partition(_BETWEEN)
        try:
            publish_limit(
                actor_of(request),
                regime=regime,
                kind=kind,
                unit=data["unit"],
                amount=data["amount"],
                valid_from=data["valid_from"],
            )
        except InvalidInput as refused:
            form.add_error(None, str(refused))
            return False
        messages.success(request, _("The limit was published."))
        return True
