"""A registry of handlers which a test may fill."""

import pytest


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The registry, empty and thrown away after the test."""
    from workflows.outbox import handlers as module

    registry: dict[str, object] = {}
    monkeypatch.setattr(module, "_handlers", registry)
    return registry
