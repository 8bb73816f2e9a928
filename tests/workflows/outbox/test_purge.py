"""Effects that are done are forgotten in the end, and what still asks for them is not fooled."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from tests.database_time import let_pass
from workflows.outbox import services
from workflows.outbox.models import Effect
from workflows.outbox.services import DONE_KEPT_FOR, enqueue, purge_done, purgeable

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def done(count: int) -> None:
    Effect.objects.bulk_create(
        Effect(kind="note", key=f"done {n}", state=Effect.State.DONE) for n in range(count)
    )


def test_only_what_is_done_goes_and_only_in_the_end() -> None:
    done(3)
    Effect.objects.create(kind="note", key="dead", state=Effect.State.DEAD)
    Effect.objects.create(kind="note", key="pending")
    let_pass(DONE_KEPT_FOR - DAY)
    assert purge_done() == 0

    let_pass(2 * DAY)
    assert purge_done() == 3
    assert set(Effect.objects.values_list("key", flat=True)) == {"dead", "pending"}


def test_it_goes_in_batches(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(services, "PURGED_AT_ONCE", 4)
    done(10)
    let_pass(DONE_KEPT_FOR + DAY)
    # Three that find something, and one that does not.
    with django_assert_num_queries(4):
        assert purge_done() == 10


def test_the_index_finds_them_in_a_table_full_of_others() -> None:
    done(20000)
    let_pass(DONE_KEPT_FOR + DAY)
    Effect.objects.exclude(key__endswith="01").update(due_at=Now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_effect")
    plan = json.loads(purgeable()[: services.PURGED_AT_ONCE].explain(format="json"))

    def nodes(node: dict[str, Any]) -> Any:
        yield node
        for part in node.get("Plans", []):
            yield from nodes(part)

    used = {n.get("Index Name") for n in nodes(plan[0]["Plan"])}
    kinds = {n["Node Type"] for n in nodes(plan[0]["Plan"])}
    assert "outbox_done" in used
    assert "Seq Scan" not in kinds


def test_a_key_that_a_sweep_goes_on_asking_for_is_kept() -> None:
    """A reminder came again after half a year, when its key was forgotten."""
    first = enqueue("remind", key="remind:7", payload={})
    Effect.objects.update(state=Effect.State.DONE)
    for _ in range(20):
        let_pass(30 * DAY)
        assert enqueue("remind", key="remind:7", payload={}).pk == first.pk
        assert purge_done() == 0

    assert Effect.objects.get().state == Effect.State.DONE
    let_pass(DONE_KEPT_FOR + DAY)
    assert purge_done() == 1


def test_asking_again_writes_nothing_for_months() -> None:
    enqueue("remind", key="remind:7", payload={})
    Effect.objects.update(state=Effect.State.DONE)
    before = Effect.objects.get().due_at
    enqueue("remind", key="remind:7", payload={})

    assert Effect.objects.get().due_at == before
