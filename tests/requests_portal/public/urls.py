"""The addresses that the public face needs, without the other faces."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from requests_portal.public.views import home

urlpatterns = [
    path("", home.choose_language, name="root"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("ledger/", include("requests_portal.api.ledger_urls")),
    *i18n_patterns(path("", include("requests_portal.public.urls"))),
]

handler400 = "requests_portal.public.views.errors.bad_request"
handler403 = "requests_portal.public.views.errors.permission_denied"
handler404 = "requests_portal.public.views.errors.page_not_found"
handler500 = "requests_portal.public.views.errors.server_error"
