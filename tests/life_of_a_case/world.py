"""The world in which a model lives: time that can be turned, workers, mail, and data on a disk.

An example runs in a transaction of its own that is rolled back, on the real database and through
the real services. Workers do what the outbox has, by the real handlers; what Celery would be sent
is done in this process.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone
from freezegun import freeze_time

from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.datasets.models import Snapshot
from workflows.lookups import scanning
from workflows.outbox import long_work
from workflows.outbox.models import Effect
from workflows.outbox.periodic import run_periodic
from workflows.outbox.services import drain
from workflows.routing.models import RoutingRule, Team

# Two people stand in the data; of one there is a namesake.
FORUM = [
    {"id": "a", "text": "王小明住在上海，电话 13800001234", "url": "https://forum.example/1"},
    {"id": "b", "text": "另一个王小明也住在上海", "url": "https://forum.example/2"},
    {"id": "c", "text": "Erika Beispiel lives in Bonn. @erika_b", "url": "https://forum.example/3"},
    {"id": "d", "text": "nothing here", "url": "https://forum.example/4"},
]
TEAM = "team@provider.example"
BEGINNING = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
_DATABASE_TIME = re.compile(r"statement_timestamp\(\)", re.IGNORECASE)
_LINK = re.compile(r"/confirm/([\w-]+)/")


class World:
    """Time, workers, the mails that went out, and the data; one for each example."""

    def __init__(self, clock: Any, forum: Snapshot, sent: list[tuple[str, list[str]]]) -> None:
        self.forum = forum
        self.links: list[str] = []
        self._clock = clock
        self._sent = sent
        self._mails_read = len(mail.outbox)
        self._folder = Path(settings.DATASETS_DIRS[0])
        self._files = set(self._folder.iterdir())
        self._transaction = transaction.atomic()
        # Like that of a test case: durable transactions may begin in it.
        self._transaction._from_testcase = True

    def begin(self) -> None:
        """Begin an example, in a transaction that `end` rolls back."""
        self._transaction.__enter__()

    def end(self) -> None:
        """Roll back what the example did, and remove what it left on the disk."""
        connection.run_on_commit = []
        transaction.set_rollback(True)
        self._transaction.__exit__(None, None, None)
        for left in set(self._folder.iterdir()) - self._files:
            left.unlink()
        shutil.rmtree(Path(settings.MEDIA_ROOT) / "vault", ignore_errors=True)

    def move_to(self, moment: datetime) -> None:
        """Let it be `moment`."""
        self._clock.move_to(moment)

    def tick(self, span: timedelta = timedelta(minutes=7)) -> None:
        """Let some time pass in which no periodic task runs."""
        self._clock.tick(span)

    def after_commit(self) -> None:
        """Do what waits for the commit of the step that was taken."""
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for _savepoints, callback, _robust in waiting:
            callback()

    def work(self) -> list[EmailMessage]:
        """Do all that is due, as relay and workers do; return the mails that went out."""
        while drain() or self._sent:
            waiting, self._sent[:] = list(self._sent), []
            for name, arguments in waiting:
                scanning.clear_pass_cache()
                assert name == long_work.TASK
                long_work.run_long_work(*arguments)
            self.after_commit()
        failed = Effect.objects.exclude(last_error="").values_list("kind", "last_error")
        assert not failed, f"Effects failed: {list(failed)}"
        went_out = mail.outbox[self._mails_read :]
        self._mails_read = len(mail.outbox)
        self.links += [link for one in went_out for link in _LINK.findall(str(one.body))]
        return went_out

    def periodic_tasks(self) -> None:
        """Run once what beat runs each day or oftener, but for what is forgotten after months."""
        for turn in ("sweep-clocks", "sweep-challenges", "sweep-manifests"):
            run_periodic(turn)

    def open(self, snapshot: Snapshot) -> str:
        """Return the text of a snapshot as it lies on the disk."""
        return (self._folder / snapshot.location).read_text()


def _at_frozen_time(execute: Any, sql: str, *more: Any) -> Any:
    now = f"'{timezone.now().isoformat()}'::timestamptz"
    return execute(_DATABASE_TIME.sub(now, sql), *more)


@contextmanager
def prepared(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Callable[[], World]]:
    """Prepare what all examples share, and yield what makes the world of one.

    The database is asked for its time as well, so its clock is turned with ours.
    """
    sent: list[tuple[str, list[str]]] = []

    def send_task(name: str, *, args: list[str], **_more: object) -> None:
        sent.append((name, args))

    data = folder / "datasets"
    data.mkdir()
    monkeypatch.setattr(settings, "DATASETS_DIRS", [data])
    monkeypatch.setattr(settings, "MEDIA_ROOT", str(folder / "media"))
    monkeypatch.setattr(
        settings,
        "PROVIDER_REGIMES",
        ["CN", "EU", "UK", "US-CA", "JP", "KR", "SG", "BR", "IN", "CA-QC"],
    )
    monkeypatch.setattr("celery.current_app.send_task", send_task)
    pyarrow.array([""])  # loads what looks at how large a day is, before days are frozen
    with (
        freeze_time(BEGINNING, ignore=["hypothesis"]) as clock,
        connection.execute_wrapper(_at_frozen_time),
    ):
        (data / "forum.jsonl").write_text(lines(FORUM))
        forum = make_snapshot("forum.jsonl")
        team = Team.objects.create(name="Everybody", email=TEAM)
        RoutingRule.objects.create(position=1, team=team)
        World(clock, forum, sent).work()
        yield lambda: World(clock, forum, sent)
