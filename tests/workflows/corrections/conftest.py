"""A folder of datasets, and no broker: a test does itself what a worker would."""

import pytest

from tests.workflows.datasets.conftest import data

__all__ = ["data"]


@pytest.fixture
def no_broker(monkeypatch):
    """Tasks are called by the test; whether the broker has them is not the subject here."""
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **kwargs: None)


@pytest.fixture
def sent(monkeypatch):
    """The long work that was sent, by kind and id; a test does itself what a worker would."""
    tasks = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda _name, args, **_more: tasks.append(tuple(args))
    )
    return tasks
