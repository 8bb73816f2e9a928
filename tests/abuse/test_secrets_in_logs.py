"""The secret of a mailed link stands in no log, whatever Django refuses or fails at."""

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import URLResolver, get_resolver

from requests_portal.logs import REDACTED, redact

pytestmark = pytest.mark.django_db
TOKEN = "q7Hh2mVdXo8sL0pZr4tYbNc6KfJwGx1EaUiQ3eRvT5k"
SHORT = "short-one"
LINKS = (
    "/en/confirm/{}/",
    "/en/recipients/{}/",
    "/en/recipients/{}/records.jsonl",
    "/accounts/password/reset/key/1a-{}/",
)
# What a route calls the part of its address that is a secret.
SECRET_NAMES = {"token", "key", "secret"}


@pytest.fixture(params=["line", "json"])
def log(request) -> Iterator[io.StringIO]:
    """What is logged, as the configured formatter of that name writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    configurator = logging.config.DictConfigurator(portal_settings.LOGGING)
    # Copies, for configuring takes the name of the class out of what it is given.
    for one in portal_settings.LOGGING["filters"].values():
        handler.addFilter(configurator.configure_filter(dict(one)))
    formatter = dict(portal_settings.LOGGING["formatters"][request.param])
    handler.setFormatter(configurator.configure_formatter(formatter))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("token", [TOKEN, SHORT])
@pytest.mark.parametrize("link", LINKS)
def test_a_form_without_its_csrf_token_logs_no_secret(log, link, token) -> None:
    path = link.format(token)
    answer = Client(enforce_csrf_checks=True).post(path, {"next": path})
    assert answer.status_code in {403, 404, 405}
    assert REDACTED in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.parametrize("link", LINKS)
def test_a_page_that_fails_logs_no_secret(log, link, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"no template for {link.format(TOKEN)}")

    monkeypatch.setattr("django.middleware.locale.LocaleMiddleware.process_request", broken)
    answer = Client(raise_request_exception=False).get(link.format(TOKEN))
    assert answer.status_code == 500
    assert "Traceback" in log.getvalue()
    assert TOKEN not in log.getvalue()


@pytest.mark.parametrize(
    "path",
    [
        "/en/confirm/{}/more/",
        "/en/confirmed/{}/",
        "/en/{}/",
        "/confirm/{}",
        "/x?next=%2Fen%2Fconfirm%2F{}",
    ],
)
def test_a_misspelt_link_logs_no_secret(log, path) -> None:
    Client().get(path.format(TOKEN))
    logging.getLogger("django.request").warning("Not Found: %s", path.format(TOKEN))
    assert TOKEN not in log.getvalue()


def routes(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, list[str]]]:
    """Yield each address that has a name, with the names of what stands in it."""
    for possibilities in resolver.reverse_dict.values():
        for address, names in possibilities[0]:
            yield before + address, names
    for prefix, inner in resolver.namespace_dict.values():
        yield from routes(inner, before + prefix)


def test_every_route_that_takes_a_secret_is_redacted() -> None:
    found = set()
    for address, names in routes(get_resolver()):
        if not SECRET_NAMES.isdisjoint(names):
            values = {name: SHORT if name in SECRET_NAMES else "1" for name in names}
            assert SHORT not in redact(address % values), address
            found.add(address)
    assert len(found) >= 4


def test_what_is_no_secret_stays_readable() -> None:
    for path in (
        "/staff/cases/case/6f1c2b44-9a0e-4b7e-8a1f-0c6d2a3b4c5d/change/",
        "/en/confirm/",
        "/static/portal/portal.0123456789ab.css",
        "/ledger/tile/0/x001/234",
        "Effect 6f1c2b44-9a0e-4b7e-8a1f-0c6d2a3b4c5d failed, attempt 2",
    ):
        assert redact(path) == path
