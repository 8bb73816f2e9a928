"""Error pages: plain words, what to do now, and nothing internal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from requests_portal.api.problems import concerns_api, problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that could not be understood."""
    if concerns_api(request):
        return problem(400, "bad_request", "The request cannot be understood.")
    return render(request, "errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer somebody who may not see a page."""
    if concerns_api(request):
        return problem(403, "permission_denied", "You do not have permission to do this.")
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without its token, most often because cookies are switched off."""
    return render(request, "errors/csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that does not exist."""
    if concerns_api(request):
        return problem(404, "not_found", "There is nothing at this address.")
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when something broke: nothing of it is shown, and no database is needed."""
    response: HttpResponse
    if concerns_api(request):
        response = problem(500, "server_error", "Something broke. Tell us the request_id.")
    else:
        response = render(request, "errors/500.html", status=500)
    response["Retry-After"] = "120"
    return response
