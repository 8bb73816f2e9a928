"""One account, one regime, until a day: nothing is seen past that, by no way."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.utils import timezone

from tests.factories import ERIKA, file, make_case
from tests.personas import make_regulator
from tests.tokens import regulator_token
from workflows.accounts.regulators import (
    NoRegulatorAccess,
    account_for_token,
    approve_token,
    make_token,
    regulator_for,
    revoke_token,
    scope_of,
)
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.exports.jobs import find_job, jobs, request_bundle
from workflows.exports.models import BundleJob
from workflows.oversight.filters import BundleFilters
from workflows.oversight.selectors import (
    CaseFilter,
    filter_cases,
    find_case,
    kept_checkpoints,
    visible_cases,
)
from workflows.statistics.counts import Period
from workflows.statistics.figures import by_kind, by_month, denials, figures


def test_a_live_account_has_the_scope_of_its_regime(regulator):
    scope = scope_of(regulator_for(regulator.user))
    assert scope.regime == "CN"
    assert scope.actor.role == "regulator"
    assert scope.actor.pseudonym == regulator.user.staff_identity.pseudonym


@pytest.mark.parametrize(
    "change",
    [
        lambda account: setattr(account, "expires_at", timezone.now() - timedelta(seconds=1)),
        lambda account: setattr(account.user, "is_active", False),
        lambda account: account.user.groups.clear(),
        lambda account: account.user.groups.set([Group.objects.get(name="reviewer")]),
    ],
    ids=["expired", "deactivated", "role removed", "other role"],
)
def test_an_account_that_ended_has_none(change, regulator):
    token = regulator_token(regulator)
    change(regulator)
    regulator.save()
    regulator.user.save()
    for ask in (
        lambda: regulator_for(regulator.user),
        lambda: scope_of(regulator),
        lambda: account_for_token(token),
    ):
        with pytest.raises(NoRegulatorAccess):
            ask()


def test_nobody_else_has_one(privacy_officer, outsider):
    for user in (privacy_officer, outsider, AnonymousUser()):
        with pytest.raises(NoRegulatorAccess):
            regulator_for(user)


def test_a_token_opens_its_account_once_approved_and_until_it_is_revoked(
    regulator, other_regulator
):
    token, secret = make_token(regulator, "Program")
    assert secret.encode() not in bytes(token.token_digest)
    for refused in (secret, "", "x" * 43):
        with pytest.raises(NoRegulatorAccess):
            account_for_token(refused)
    approve_token(token)
    assert account_for_token(secret) == regulator
    token.refresh_from_db()
    assert token.last_used_at is not None
    revoke_token(token)
    with pytest.raises(NoRegulatorAccess):
        account_for_token(secret)


@pytest.fixture
def chinese(db):
    return make_case(State.ANSWERED)


@pytest.fixture
def european(db):
    return make_case(State.ANSWERED, ERIKA)


def test_no_query_looks_past_the_scope(chinese, european, scope, other_scope):
    assert list(visible_cases(scope)) == [chinese]
    assert list(visible_cases(other_scope)) == [european]
    assert [fact.case for fact in filter_cases(other_scope, CaseFilter())] == [european]
    assert not filter_cases(other_scope, CaseFilter(number=chinese.number)).exists()
    assert find_case(scope, chinese.number.lower()) == chinese
    with pytest.raises(Case.DoesNotExist):
        find_case(other_scope, chinese.number)
    for own in (scope, other_scope):
        assert figures(own, Period()).received == 1
        assert sum(counted.received for _month, counted in by_month(own, Period())) == 1
    assert [kind for kind, _counted in by_kind(scope, Period())] == ["correct"]
    assert [kind for kind, _counted in by_kind(other_scope, Period())] == ["copy", "delete"]
    assert sum(denial.count for denial in denials(scope, Period())) == 1


def test_a_case_under_two_regimes_is_seen_under_both(scope, other_scope):
    case = file().case
    case.regimes = ["CN", "EU"]
    case.save()
    assert list(visible_cases(scope)) == list(visible_cases(other_scope)) == [case]


def test_exports_and_checkpoints_are_seen_by_their_own_account_alone(scope, other_scope):
    colleague = scope_of(make_regulator("colleague", "CN"))
    job = request_bundle(scope, BundleFilters())
    assert find_job(scope, job.pk) == job
    for stranger in (other_scope, colleague):
        assert not jobs(stranger).exists()
        assert not kept_checkpoints(stranger).exists()
        with pytest.raises(BundleJob.DoesNotExist):
            find_job(stranger, job.pk)


def test_an_id_that_is_none_is_unknown(scope):
    with pytest.raises(BundleJob.DoesNotExist):
        find_job(scope, "not-an-id")
