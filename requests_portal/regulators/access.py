"""Who may open the regulators' pages, and what they may see there."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from workflows.reports.bundle_filters import zone_of
from workflows.reports.scope import NoRegulatorAccess, RegulatorScope, regulator_for, scope_of

P = ParamSpec("P")
ScopedView = Callable[Concatenate[HttpRequest, RegulatorScope, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def regulator_page(view: ScopedView[P]) -> View[P]:
    """Give a view the scope of the signed-in regulator; say plainly no to everybody else.

    Times on the page are those of the regime's zone. The second factor is asked for by
    `SecondFactorMiddleware`, as everywhere.
    """

    @wraps(view)
    def scoped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            scope = scope_of(regulator_for(request.user))
        except NoRegulatorAccess as error:
            return render(request, "regulators/no_access.html", {"reason": str(error)}, status=403)
        with timezone.override(zone_of(scope.regime)):
            return view(request, scope, *args, **kwargs)

    signed_in: View[P] = login_required(scoped)
    return signed_in
