"""The API alone, so that its tests do not wait for the other interfaces."""

from django.urls import include, path

urlpatterns = [
    path("ledger/", include("requests_portal.api.ledger")),
    path("api/v1/", include("requests_portal.api.v1.urls")),
]
