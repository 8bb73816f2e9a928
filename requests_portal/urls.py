"""Addresses of all interfaces. Pages for people carry the language in the address."""

from allauth.account.views import password_change, password_set
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from requests_portal import monitoring
from requests_portal.api.no_such_address import NoSuchAddressView
from requests_portal.metrics.views import metrics
from requests_portal.public.views import information
from requests_portal.sign_in import invitations, own_sessions
from requests_portal.sign_in.adapters import factor_required_where_there_is_one

urlpatterns = [
    path("", information.choose_language, name="root"),
    path("livez", monitoring.livez, name="livez"),
    path("readyz", monitoring.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("ledger/", include("requests_portal.api.ledger")),
    path("api/v1/", include("requests_portal.api.v1.urls")),
    re_path("^api/", NoSuchAddressView.as_view()),
    # The admin's own page would count no wrong passwords and log nothing.
    path("staff/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("staff/", admin.site.urls),
    # Administrators keep the addresses: who could add one could have mail sent to a stranger.
    path("accounts/email/", information.page_not_found, {"exception": None}),
    # Before allauth's own, which ask for no second factor.
    path(
        "accounts/password/change/",
        factor_required_where_there_is_one(password_change),
        name="account_change_password",
    ),
    path(
        "accounts/password/set/",
        factor_required_where_there_is_one(password_set),
        name="account_set_password",
    ),
    path("accounts/invitation/<str:token>/", invitations.invitation, name="account_invitation"),
    path("accounts/sessions/", own_sessions.sessions, name="account_sessions"),
    path("accounts/", include("allauth.urls")),
    *i18n_patterns(
        path("regulators/", include("requests_portal.regulators.urls")),
        path("", include("requests_portal.public.urls")),
    ),
]

handler400 = "requests_portal.public.views.information.bad_request"
handler403 = "requests_portal.public.views.information.permission_denied"
handler404 = "requests_portal.public.views.information.page_not_found"
handler500 = "requests_portal.public.views.information.server_error"
# Not Django's, which knows no such handler: allauth looks for it here.
handler429 = "requests_portal.sign_in.limits.too_many_requests"
