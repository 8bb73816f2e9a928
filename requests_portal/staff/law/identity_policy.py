"""From when on a second person looks at who asks: all versions, and a form for the next."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import APPEND_ONLY, StaffAdmin, column
from workflows.cases.identity_policy import policy_in_force, set_policy
from workflows.cases.models import IdentityPolicy
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import ACCEPTED_BY_STAFF


class IdentityPolicyForm(forms.ModelForm):
    """The next version, beginning from what holds now."""

    level = forms.ChoiceField(
        label=gettext_lazy("From which assurance on"),
        help_text=gettext_lazy(
            "Where a member of staff has accepted who asks this well or better, somebody else has"
            " to confirm it before one of the items below is granted."
        ),
        choices=[(level.value, level.label) for level in ACCEPTED_BY_STAFF],
        widget=UnfoldAdminSelectWidget,
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("For which items"),
        help_text=gettext_lazy("None ticked: nothing needs a second look."),
        choices=ItemKind.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = IdentityPolicy
        fields = ("level", "kinds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = policy_in_force()
        self.initial.update(level=current.level, kinds=sorted(current.kinds))


@admin.register(IdentityPolicy)
class IdentityPolicyAdmin(StaffAdmin):
    """Every version. A new one is set; none is edited or taken away."""

    # Decisions were made under it.
    forbidden = APPEND_ONLY

    form = IdentityPolicyForm
    list_display = ("level", "of_kinds", "set_at")

    of_kinds = column(
        gettext_lazy("for which items"),
        lambda row: _("; ").join(str(ItemKind(kind).label) for kind in row.kinds) or "–",
    )

    def save_model(
        self,
        request: HttpRequest,
        obj: IdentityPolicy,
        form: IdentityPolicyForm,
        change: bool,
    ) -> None:
        """Set the policy through its service, which writes the event."""
        data = form.cleaned_data
        kept = set_policy(actor_of(request), data["level"], data["kinds"])
        obj.pk, obj.set_at = kept.pk, kept.set_at
        messages.info(request, _("It holds for every decision from now on."))
