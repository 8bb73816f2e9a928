"""Long work: sent and looked after until it is done, given up in the end, named by its path."""

import re
from pathlib import Path

import pytest
from django.core.checks import run_checks

from workflows.outbox import by_name as names_module
from workflows.outbox import checks, handlers, long_work, periodic
from workflows.outbox.by_name import by_name, names
from workflows.outbox.models import Effect
from workflows.outbox.services import run_effect

KIND = "tests.dig"
PACKAGES = [Path(package) for package in ("workflows", "requests_portal")]
_NAMED = re.compile(r'"((?:workflows|requests_portal)(?:\.\w+){2,})"')


@pytest.fixture
def sent(monkeypatch):
    """The long work that was sent, by kind and id."""
    found = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda _name, args, **_more: found.append(tuple(args))
    )
    return found


@pytest.fixture
def register(monkeypatch):
    """Register long work for the time of a test."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    monkeypatch.setattr(long_work, "_registered", dict(long_work._registered))
    monkeypatch.setattr(names_module, "_names", set(names_module._names))

    def decide(pending, **more):
        more.setdefault("give_up", None)
        long_work.long_work(KIND, "builtins.print", **more)(lambda _subject: pending)

    return decide


def turn(number):
    """Run an effect of the work in its turn of this number, and return it."""
    payload = {"id": "7", "turn": number, "about": "hole"}
    effect = Effect.objects.create(kind=KIND, key=f"{KIND}:hole:{number}", payload=payload)
    run_effect(effect.pk)
    effect.refresh_from_db()
    return effect


@pytest.mark.django_db
class TestTurns:
    def test_what_is_pending_is_sent_and_looked_after(self, register, sent) -> None:
        register(pending=True)
        assert turn(1).state == Effect.State.DONE
        assert sent == [(KIND, "7")]
        following = Effect.objects.get(key=f"{KIND}:hole:2")
        assert following.payload == {"id": "7", "turn": 2, "about": "hole"}
        assert following.state == Effect.State.PENDING
        assert following.due_at - following.created_at >= long_work.RECHECK_AFTER

    def test_what_is_done_is_not_sent(self, register, sent) -> None:
        ended = []
        register(pending=False, ended=ended.append)
        turn(1)
        assert (sent, ended) == ([], ["7"])
        assert Effect.objects.filter(kind=KIND).count() == 1

    def test_what_never_ends_is_given_up(self, register, sent) -> None:
        given_up = []
        register(pending=True, give_up=given_up.append, turns=3)
        turn(3)
        assert given_up == []
        Effect.objects.filter(key=f"{KIND}:hole:4").delete()
        assert turn(4).state == Effect.State.DONE
        assert (given_up, sent) == (["7"], [(KIND, "7")])

    def test_without_anybody_to_give_it_up_the_effect_fails(self, register, sent) -> None:
        register(pending=True)
        effect = turn(long_work.MAX_TURNS + 1)
        assert (effect.state, effect.last_error) == (Effect.State.PENDING, "LongWorkAbandoned")
        assert sent == [(KIND, "7")]

    def test_a_turn_is_prepared_before_it_is_asked_what_is_pending(self, register, sent) -> None:
        prepared = []
        register(pending=False, prepare=lambda *told: prepared.append(told))
        turn(1)
        assert prepared == [("7", 1)]

    def test_without_a_broker_the_turn_is_tried_again(self, register) -> None:
        register(pending=True)
        effect = turn(1)
        assert (effect.state, effect.attempts) == (Effect.State.PENDING, 1)
        assert Effect.objects.filter(kind=KIND).count() == 1


class TestChecks:
    def test_every_name_leads_to_a_function(self) -> None:
        assert run_checks(tags=["long_work"], include_deployment_checks=True) == []

    def test_a_name_that_leads_nowhere_is_found(self, register) -> None:
        by_name("workflows.outbox.services.dig")
        by_name("workflows.outbox.services.DONE_KEPT_FOR")
        found = checks.check_names()
        assert [message.id for message in found] == ["outbox.E001"] * 2
        assert "workflows.outbox.services.dig" in found[1].msg

    def test_every_name_in_the_source_is_resolved(self) -> None:
        called = re.compile(r"(?:by_name|long_work|periodic)\(")
        written = {
            found
            for package in PACKAGES
            for file in package.rglob("*.py")
            if called.search(text := file.read_text())
            for found in _NAMED.findall(text)
        }
        tasks = {long_work.TASK, periodic.TASK}
        assert written - tasks == set(names())

    def test_a_turn_without_work_and_work_without_a_turn_are_found(self, settings) -> None:
        schedule = {k: v for k, v in settings.CELERY_BEAT_SCHEDULE.items() if k != "purge"}
        schedule["dig"] = {**schedule["sweep-clocks"], "args": ["dig"]}
        settings.CELERY_BEAT_SCHEDULE = schedule
        assert [message.id for message in checks.check_timetable()] == [
            "outbox.E002",
            "outbox.E003",
        ]
