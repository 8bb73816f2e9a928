"""Published time limits: read in a list with all their versions, and published through a form."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from requests_portal.staff.base_admin import APPEND_ONLY, StaffAdmin, column
from requests_portal.staff.case_file import citation_texts
from requests_portal.staff.people import actor_of
from workflows.cases.recalculation import publish_limit
from workflows.common.errors import InvalidInput
from workflows.regimes.explain import length
from workflows.regimes.limits import LimitableClock, offered_clocks
from workflows.regimes.models import PublishedLimit
from workflows.regimes.services import UnknownRegimeError, get_regime

_BETWEEN = "|"


def served_clocks() -> list[LimitableClock]:
    """Return the clocks of the regimes that the provider serves. One query."""
    return offered_clocks(map(get_regime, settings.PROVIDER_REGIMES), timezone.now())


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
class PublishedLimitAdmin(StaffAdmin):
    """Every version of every limit. A new one is published; none is edited or taken away."""

    # Cases were filed under it.
    forbidden = APPEND_ONLY

    list_display = ("of_clock", "limit", "valid_from", "published_at")
    list_filter = ("regime",)

    of_clock = column(
        gettext_lazy("time limit"), lambda row: clock_name(row.regime, row.clock), ordering="regime"
    )
    limit = column(gettext_lazy("limit"), lambda row: length(row.unit, row.amount))

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or take the form of a limit, beneath what the law says."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = LimitForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._publish(request, form):
            return HttpResponseRedirect(reverse("admin:regimes_publishedlimit_changelist"))
        language = get_language() or "en"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Publish a time limit"),
            "form": form,
            "clocks": [
                {
                    "name": clock_name(each.regime.code, each.clock.kind),
                    "rule": each.clock.text.in_language(language),
                    "sources": citation_texts(each.clock.rule.citations),
                    "ours": length(each.promise.unit, each.promise.amount) if each.promise else "",
                    "since": each.promise.since if each.promise else None,
                }
                for each in served_clocks()
            ],
        }
        return TemplateResponse(request, "staff/limit.html", context)

    def _publish(self, request: HttpRequest, form: LimitForm) -> bool:
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
