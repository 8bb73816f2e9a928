"""The form in which a data steward enters what a pipeline did with a manifest."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from workflows.corrections.models import Manifest, PipelineAcknowledgement
from workflows.datasets.models import Snapshot


class ManifestReceiptForm(forms.Form):
    """What a pipeline did with a manifest, and which snapshot came out."""

    status = forms.ChoiceField(
        label=gettext_lazy("What was done"),
        choices=PipelineAcknowledgement.Status.choices,
        widget=UnfoldAdminSelectWidget,
    )
    registered = forms.ModelChoiceField(
        label=gettext_lazy("Snapshot that came out, if it is registered"),
        queryset=Snapshot.objects.none(),
        required=False,
        empty_label=gettext_lazy("Not registered yet"),
        widget=UnfoldAdminSelectWidget,
    )
    version = forms.CharField(
        label=gettext_lazy("Otherwise: its version"),
        max_length=80,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    location = forms.CharField(
        label=gettext_lazy("Its location"),
        help_text=gettext_lazy("A file or folder on this server, of the same format."),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    remark = forms.CharField(
        label=gettext_lazy("Remark"),
        help_text=gettext_lazy("Name no person."),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, manifest: Manifest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manifest = manifest
        others = Snapshot.objects.filter(dataset=manifest.snapshot.dataset_id)
        if not manifest.snapshot.traits.can_apply_here:
            # It is changed in place, and has a new version from then on.
            self.fields["location"].initial = manifest.snapshot.location
            self.fields["location"].help_text = _("The table that was changed.")
        field = cast(Any, self.fields["registered"])
        field.queryset = others.exclude(pk=manifest.snapshot_id).select_related("dataset")

    def clean(self) -> dict[str, Any]:
        """Make the snapshot that came out of what was typed."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["snapshot"] = cleaned.get("registered")
        if (
            cleaned.get("status") == PipelineAcknowledgement.Status.REFUSED
            or cleaned["snapshot"] is not None
        ):
            return cleaned
        for name in ("version", "location"):
            if not cleaned.get(name):
                self.add_error(name, _("Say which snapshot came out."))
        cleaned["snapshot"] = Snapshot(
            version=cleaned.get("version", ""),
            location=cleaned.get("location", ""),
            format=self.manifest.snapshot.format,
        )
        return cleaned
