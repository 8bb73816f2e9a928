"""A new body of law is a file of rules and its name in the settings: nothing else is touched."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.checks import run_checks
from freezegun import freeze_time

from tests.factories import ERIKA, file
from tests.requests_portal.public.person import Visitor, text_of
from tests.workflows.regimes import test_rules
from workflows.cases.filing_request import FiledItem
from workflows.regimes import registry
from workflows.regimes.services import get_regime
from workflows.regimes.vectors import run

# Article and time are those of the Serbian act. What every file needs, and no more.
LAW = """
code = "RS"
version = "2026-12-02"
name = { zh = "塞尔维亚", en = "Serbia" }
default_place = "RS"
lead = "response"

[places.RS]
zone = "Europe/Belgrade"

[citations.art_21]
zh = "塞尔维亚《个人数据保护法》第21条"
en = "Serbian Data Protection Act art. 21"
confirmed = "memory"

[filers.self]
conditions = { zh = "本人可以提出请求。", en = "The person may file for themselves." }
cite = ["art_21"]

[filers.guardian]
conditions = { zh = "监护人可以代为提出。", en = "A guardian may file for a child." }
cite = ["art_21"]

[filers.near_relative]
allowed = false
conditions = { zh = "不适用于死者。", en = "It does not cover the deceased." }
cite = ["art_21"]

[filers.agent]
conditions = { zh = "代理人须有书面授权。", en = "An agent needs written authority." }
cite = ["art_21"]

[items.copy]
assurance = "matched"
cite = ["art_21"]

[clocks.response]
name = { zh = "答复", en = "Answer" }
text = { zh = "三十日内答复。", en = "Answer within thirty days." }
unit = "days"
amount = 30
cite = ["art_21"]

[grounds.excessive]
text = { zh = "请求明显没有根据。", en = "The request is manifestly unfounded." }
cite = ["art_21"]

[notices.refusal]
elements = ["refused_items", "reasons", "authority"]
cite = ["art_21"]

[fee]
free = true
text = { zh = "免费。", en = "Free of charge." }
cite = ["art_21"]

[authorities.RS]
name = { zh = "塞尔维亚公共信息与个人数据保护专员", en = "Commissioner for Personal Data Protection" }
link = "https://www.poverenik.rs/"
confirmed = "memory"

[court]
text = { zh = "您也可以向法院起诉。", en = "You may also sue." }
cite = ["art_21"]
"""
VECTOR = {
    "id": "RS-01", "regime": "RS", "kind": "response", "received": "2026-12-02T23:30:00Z",
    "zone": "Europe/Belgrade", "local_receipt_date": "2026-12-03", "holidays": "RS",
    "rule": {"unit": "days", "n": 30}, "expected": "2027-01-02",
}  # fmt: skip

COPY = replace(ERIKA, residence="RS", items=(FiledItem("copy", {"statement": "All of it."}),))


@pytest.fixture
def rules(tmp_path, monkeypatch, settings):
    """A copy of the folder of rules, to which the new file is added."""
    for folder in (".", "families"):
        (tmp_path / folder).mkdir(exist_ok=True)
        for path in (registry.SHIPPED / folder).glob("*.toml"):
            (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "RS.toml").write_text(LAW, encoding="utf-8")
    monkeypatch.setattr(registry, "SHIPPED", tmp_path)
    settings.PROVIDER_REGIMES = [*settings.PROVIDER_REGIMES, "RS"]
    registry.clear_cache()
    yield tmp_path
    registry.clear_cache()


@pytest.mark.django_db
@pytest.mark.usefixtures("rules")
def test_a_request_under_it_has_a_day_and_says_where_that_stands(client):
    received = datetime(2026, 12, 2, 23, 30, tzinfo=UTC)
    assert run_checks() == []
    outcome = run(VECTOR, ())
    assert [each.problems for each in outcome.reckonings] == [(), ()], outcome

    # What is asked of each law that is shipped.
    law = get_regime("RS")
    test_rules.test_every_rule_carries_its_citation_in_both_languages(law)
    test_rules.test_everyone_may_file_for_themselves_and_every_filer_is_ruled_on(law)
    test_rules.test_every_refusal_names_what_is_refused_and_why_and_where_to_complain(law)

    with freeze_time(received):
        filed = file(COPY, at=received)
        visitor = Visitor(client, "en")
        visitor.log_in(filed.case.number, filed.receipt)
        page = text_of(visitor.get("status/case/"))

    assert filed.case.regime == "RS"
    assert "By law we must answer by <strong>2 January 2027</strong>." in page
    assert "Answer within thirty days." in page
    assert "Based on: Serbian Data Protection Act art. 21" in page
    assert "Commissioner for Personal Data Protection" in page


def test_what_a_file_lacks_is_named_with_its_line(rules):
    broken = LAW.replace('cite = ["art_21"]\n\n[grounds', 'cite = ["art_22"]\n\n[grounds')
    (rules / "RS.toml").write_text(broken, encoding="utf-8")

    (error,) = [message for message in run_checks() if message.id == "regimes.E001"]

    line = broken[: broken.index("art_22")].count("\n") + 1
    assert f"RS.toml:{line}: clocks.response.cite: 'art_22' is not one of art_21" in str(error)
