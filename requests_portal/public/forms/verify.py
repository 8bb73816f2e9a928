"""The form to which a receipt or a proof is given to be checked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

# The longest entry of a log has 65,535 bytes, and a proof is shorter by far.
LARGEST_FILE = 100_000


def _file(label: Any, hint: Any, accept: str) -> forms.FileField:
    return forms.FileField(
        label=label,
        help_text=hint,
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": accept}),
    )


class VerifyForm(forms.Form):
    """A receipt, or a proof with its entry; the keys are for the check in the browser."""

    use_required_attribute = False

    receipt = _file(_("Receipt file"), _("A file whose name ends in .receipt"), ".receipt,.txt")
    proof = _file(_("Proof file"), _("A file whose name ends in .tlog-proof"), ".tlog-proof,.txt")
    entry = _file(
        _("Entry file"),
        _("The file that came with the proof; its name ends in .entry. A receipt does instead."),
        ".entry,.json",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean(self) -> dict[str, Any]:
        """Ask for enough to check something, and refuse files that can be none of these."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name, file in list(cleaned.items()):
            if file and file.size > LARGEST_FILE:
                self.add_error(name, _("This file is too large to be what is asked for."))
        receipt, proof, entry = (cleaned.get(name) for name in ("receipt", "proof", "entry"))
        if not (receipt or proof) and not self.errors:
            self.add_error("receipt", _("Choose a receipt or a proof first."))
        if proof and not (entry or receipt):
            self.add_error("entry", _("Choose the entry as well: a proof is about its bytes."))
        return cleaned

    def content(self, name: str) -> bytes:
        """Return the bytes of a file of a valid form; none where no file was chosen."""
        file = self.cleaned_data.get(name)
        return file.read() if file else b""
