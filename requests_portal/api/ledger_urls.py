"""Addresses of the public log, below `/ledger/`."""

from django.urls import path

from requests_portal.api.ledger_views import log_file

urlpatterns = [path("<path:path>", log_file, name="ledger-file")]
