"""The page on which reviewers say how an item is to be carried out in the data."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from requests_portal.staff.case_file import load_case
from requests_portal.staff.case_views import case_id_of, require_case_role, shared_context
from requests_portal.staff.people import actor_of
from workflows.cases.models import Item
from workflows.cases.staff_actions import log_case_view
from workflows.common.errors import DomainError
from workflows.corrections.item_changes import (
    Pair,
    accepts_redaction,
    accepts_replacements,
    further_pairs,
    is_addition,
    redacts,
    save_item_change,
)

_REPLACES = gettext_lazy(
    "A wrong text is replaced wherever it stands, letter by letter, in the records that were "
    "judged to be the person's. What the person wrote themselves is replaced as well. Whoever "
    "approves the decision sees this."
)
_ADDS = gettext_lazy(
    "What is missing is added behind the text that you name, wherever it stands, letter by letter, "
    "in the records that were judged to be the person's. Without such a text it is added by hand. "
    "Whoever approves the decision sees this."
)
_DELETES = gettext_lazy(
    "Say how much of a record goes if it is deleted. Whoever approves the decision sees this."
)
# So many empty pairs are offered beside those that are filled in.
MORE = 3


class ItemChangeForm(forms.Form):
    """Pairs of texts where the item can be a correction, a choice where it can be a deletion."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pairs = 0
        if accepts_replacements(item):
            self._add_pairs(item, further_pairs(item))
        if accepts_redaction(item):
            self.fields["redact"] = forms.BooleanField(
                label=_("If it is deleted: take the words out, and keep the rest of the record"),
                help_text=_(
                    "Otherwise the whole record goes. Choose this where it is about others, too."
                ),
                required=False,
                initial=redacts(item),
                widget=UnfoldBooleanWidget,
            )

    def _add_pairs(self, item: Item, pairs: list[Pair]) -> None:
        labels = {"wrong": _("Wrong text %(number)d"), "right": _("Right text %(number)d")}
        if is_addition(item):
            labels = {
                "wrong": _("Text %(number)d, behind which something is missing"),
                "right": _("What is added behind text %(number)d"),
            }
            pairs = pairs or [("", (item.details.get("correct") or "").strip())]
        self._pairs = len(pairs) + MORE
        if self.is_bound:
            typed = sum(1 for name in self.data if name.startswith("wrong_"))
            self._pairs = max(self._pairs, typed)
        for number in range(1, self._pairs + 1):
            wrong, right = pairs[number - 1] if number <= len(pairs) else ("", "")
            for name, text in (("wrong", wrong), ("right", right)):
                self.fields[f"{name}_{number}"] = forms.CharField(
                    label=labels[name] % {"number": number},
                    required=False,
                    initial=text,
                    widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
                )

    def pairs(self) -> list[Pair]:
        """Return the pairs of which something was typed."""
        data = self.cleaned_data
        numbers = range(1, self._pairs + 1)
        typed = [(data[f"wrong_{number}"], data[f"right_{number}"]) for number in numbers]
        return [pair for pair in typed if any(pair)]


@require_http_methods(["GET", "HEAD", "POST"])
def item_change_page(
    request: HttpRequest, site: AdminSite, object_id: str, position: int
) -> HttpResponse:
    """Show what was said of an item, or keep what is said now."""
    require_case_role(request)
    case = load_case(case_id_of(object_id))
    item = next((item for item in case.items.all() if item.position == position), None)
    if item is None or case.erased_at is not None:
        raise Http404
    back = reverse("admin:cases_case_change", args=[case.pk])
    form = ItemChangeForm(request.POST or None, item=item)
    if request.method == "POST" and form.is_valid():
        try:
            redact = form.cleaned_data.get("redact", False)
            save_item_change(item, actor_of(request), form.pairs(), redact=redact)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Done."))
            return HttpResponseRedirect(back)
    else:
        log_case_view(case, actor_of(request), what="item")
    context = {
        **shared_context(request, site, case),
        "title": f"{case.number} · {item.position}. {item.kind_label}",
        "intro": _intro(item),
        "button": _("Keep"),
        "form": form,
        "back": back,
    }
    return TemplateResponse(request, "staff/question.html", context)


def _intro(item: Item) -> Any:
    if is_addition(item):
        return _ADDS
    return _REPLACES if accepts_replacements(item) else _DELETES
