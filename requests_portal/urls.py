"""Addresses of all faces. Pages for people carry the language in the address."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("staff/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
