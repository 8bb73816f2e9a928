"""A view whose author forgets its permission is closed, and no view below /api/ has forgotten it."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, path
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from requests_portal.api.permissions import DenyAll


class Forgotten(APIView):
    def get(self, request):
        return Response({"secret": "told"})


urlpatterns = [path("api/v1/forgotten/", Forgotten.as_view())]


@pytest.mark.urls("tests.abuse.test_no_access_by_default")
@pytest.mark.parametrize("token", [{}, {"Authorization": "Bearer anything"}])
def test_a_view_without_a_permission_lets_nobody_in(token):
    answer = APIClient().get("/api/v1/forgotten/", headers=token)

    assert answer.status_code == 403
    assert answer.json()["code"] == "permission_denied"


def _below_api(patterns, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        address = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            if address.startswith("api/") or "api/".startswith(address):
                yield from _below_api(pattern.url_patterns, address)
        elif address.startswith("api/"):
            yield address, pattern


def test_every_address_below_api_says_who_may_use_it():
    found = dict(_below_api(get_resolver("requests_portal.urls").url_patterns))
    assert len(found) > 15

    unsaid = []
    for address, pattern in found.items():
        view = getattr(pattern.callback, "cls", None)
        if view is None or not issubclass(view, APIView):
            unsaid.append(address)
            continue
        said = "permission_classes" in pattern.callback.initkwargs or any(
            "permission_classes" in vars(each)
            for each in view.__mro__[: view.__mro__.index(APIView)]
        )
        allowed = pattern.callback.initkwargs.get("permission_classes", view.permission_classes)
        if not said or not allowed or DenyAll in allowed:
            unsaid.append(address)

    assert unsaid == []
