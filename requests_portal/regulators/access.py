"""Who may open the regulators' pages, and what they may see there."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from requests_portal.sign_in.adapters import fresh_sign_in_required
from workflows.accounts.regulators import NoRegulatorAccess, RegulatorScope, regulator_for, scope_of
from workflows.oversight.filters import zone_of
from workflows.oversight.row_security import restrict_to_scope

P = ParamSpec("P")
ScopedView = Callable[Concatenate[HttpRequest, RegulatorScope, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def regulator_page(view: ScopedView[P]) -> View[P]:
    """Give a view the scope of the signed-in regulator; say plainly no to everybody else.

    The view runs in one transaction, in which the database shows it the rows of the regime only.
    Times on the page are those of the regime's zone. The second factor is asked for by
    `SecondFactorMiddleware`, as everywhere.
    """
    return _page(_within_regime(view))


def fresh_regulator_page(view: ScopedView[P]) -> View[P]:
    """Do as `regulator_page`, for someone who has proved a moment ago that it is still them."""
    return _page(fresh_sign_in_required(_within_regime(view)))


def fresh_account_page(view: ScopedView[P]) -> View[P]:
    """Do as `fresh_regulator_page` for a page about the account alone.

    The role that limits what is read may not write to accounts.
    """
    return _page(fresh_sign_in_required(view))


def _within_regime(view: ScopedView[P]) -> ScopedView[P]:
    @wraps(view)
    def limited(
        request: HttpRequest, scope: RegulatorScope, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        with restrict_to_scope(scope), timezone.override(zone_of(scope.regime)):
            return view(request, scope, *args, **kwargs)

    return limited


def _page(view: ScopedView[P]) -> View[P]:
    @wraps(view)
    def scoped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            scope = scope_of(regulator_for(request.user))
        except NoRegulatorAccess as error:
            return render(request, "regulators/no_access.html", {"reason": str(error)}, status=403)
        return view(request, scope, *args, **kwargs)

    signed_in: View[P] = login_required(scoped)
    return signed_in
