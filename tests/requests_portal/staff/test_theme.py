"""What the browser is allowed on the staff's pages: no inline script, and nothing from elsewhere."""

import re

import pytest

from tests.factories import in_review_with_proof
from tests.requests_portal.staff.addresses import QUEUE, action_url, case_url

pytestmark = pytest.mark.django_db


def policy(answer) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (text.partition(" ") for text in directives)}


def test_the_staffs_pages_may_evaluate_and_style_but_run_no_inline_script(sign_in, intake) -> None:
    allowed = policy(sign_in(intake).get("/staff/"))
    assert allowed["script-src"] == "'self' 'unsafe-eval'"
    assert allowed["style-src"] == "'self'"
    assert allowed["style-src-attr"] == "'unsafe-inline'"
    assert allowed["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/en/", "/accounts/login/"])
def test_other_pages_keep_the_strict_policy(client, path) -> None:
    allowed = policy(client.get(path))
    assert allowed["default-src"] == "'self'"
    assert not {"script-src", "style-src", "style-src-attr"} & set(allowed)


def test_no_page_holds_what_the_policy_forbids(sign_in, privacy_officer) -> None:
    case = in_review_with_proof()
    client = sign_in(privacy_officer, fresh=True)
    for path in (
        "/staff/",
        QUEUE,
        case_url(case),
        action_url(case, "propose_decision"),
        "/staff/routing/team/",
        "/staff/routing/routingrule/add/",
        "/staff/outbox/effect/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
    ):
        page = client.get(path).content.decode()
        scripts = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", page)
        assert scripts == [], path
        assert not re.search(r"<style\b", page), path
        assert not re.search(r"<[^>]+\son[a-z]+=", page), path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), path


def test_pages_are_kept_by_no_cache(sign_in, intake) -> None:
    assert "no-store" in sign_in(intake).get(QUEUE).headers["Cache-Control"]
