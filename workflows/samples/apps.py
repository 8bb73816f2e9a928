"""Registers the package with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SamplesConfig(AppConfig):
    """Invented people, cases and data, to try the portal with; the image leaves them out."""

    name = "workflows.samples"
    label = "samples"
    verbose_name = _("Samples")
