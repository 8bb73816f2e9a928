"""What stands below `/api/` where nothing else does."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from requests_portal.api.problems import problem


class NoSuchAddressView(APIView):
    """Answers 404 as problem details, to every method, and names the address with its slash.

    Nothing is redirected: a program that posts would lose its body on the way.
    """

    permission_classes = [AllowAny]
    schema = None

    def dispatch(self, request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
        """Say that there is nothing."""
        detail = "There is nothing at this address."
        if not request.path_info.endswith("/") and _exists(f"{request.path_info}/"):
            detail += f" Addresses end with a slash: {request.path}/."
        return problem(HTTPStatus.NOT_FOUND, "not_found", detail)


def _exists(path: str) -> bool:
    try:
        found = resolve(path)
    except Resolver404:
        return False
    return getattr(found.func, "cls", None) is not NoSuchAddressView
