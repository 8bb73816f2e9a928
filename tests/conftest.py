"""What every test shares: settings, a throw-away database server, and no way out to the network.

The test server is a cluster of its own in `.data/test-postgres`, shared by all pytest processes
of this checkout, without any care for the safety of its data. It is started by the first test
that needs a database. Give each pytest run at the same time its own TEST_DATABASE_NAME.
"""

import atexit
import base64
import email
import email.policy
import functools
import gc
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import blocking_manager_key

from requests_portal.local.folders import data_folder
from requests_portal.local.postgres import OWNER_ROLE, RUNTIME_ROLE, PostgresServer
from requests_portal.local.sockets import free_port
from requests_portal.local.valkey import Broker
from tests.chromium import NO_CHROMIUM, find_chromium
from tests.prepared import migrated_database
from tests.stack import Stack

CLUSTER = PostgresServer(
    data_folder() / "test-postgres",
    options={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
)
DATABASE = "requests_portal"
FILES = Path(tempfile.mkdtemp(prefix="requests-portal-test-"))
atexit.register(shutil.rmtree, FILES, ignore_errors=True)

# Known keys, so that a test may write down what comes out. Never used outside tests.
TEST_KEYS = {
    name: base64.b64encode(bytes([number]) * 32).decode("ascii")
    for number, name in enumerate(("SECRET_KEY", "VAULT_KEY", "INDEX_KEY", "LEDGER_KEY"), start=1)
}
USES_OWN_CLUSTER = "DATABASE_URL" not in os.environ or os.environ.get("TESTS_START_SERVER") == "1"


def _prepare_environment() -> None:
    """Set what the settings read; the same in the xdist workers, which inherit it."""
    os.environ.update(TEST_KEYS)
    os.environ["DJANGO_SETTINGS_MODULE"] = "requests_portal.settings"
    os.environ["DATABASE_ROLE"] = "owner"
    os.environ["MEDIA_ROOT"] = str(FILES / "media")
    os.environ["STATIC_ROOT"] = str(FILES / "static")
    os.environ["PUBLIC_BASE_URL"] = "http://testserver"
    os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
    # Tests file hundreds of requests from one address; the limits have tests of their own.
    os.environ["API_CALLS_PER_MINUTE"] = os.environ["API_CALLS_PER_MINUTE_ANONYMOUS"] = "1000000"
    # Nobody listens there: a test that needs a broker asks for the fixture.
    os.environ["REDIS_URL"] = f"redis+socket://{FILES}/no-broker.sock"
    if USES_OWN_CLUSTER:
        os.environ["TESTS_START_SERVER"] = "1"
        os.environ["DATABASE_URL"] = CLUSTER.url(RUNTIME_ROLE, DATABASE)
        os.environ["DATABASE_OWNER_URL"] = CLUSTER.url(OWNER_ROLE, DATABASE)
    (FILES / "static").mkdir()


_prepare_environment()


def _adjust_settings() -> None:
    from django.conf import settings

    # Argon2 is slow by design, and the manifest of static files needs `collectstatic`.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


# Loaded here, before pytest-django looks whether there is a Django to set up.
_adjust_settings()


# How long an example takes says more about the machine than about the code. `make chaos` looks for
# longer than `make test`.
hypothesis_settings.register_profile("portal", deadline=None, max_examples=40)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis_settings.load_profile("portal")


# Before the hook by which pytest itself chooses tests by their markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests with real transactions back the rows that migrations made.

    Emptying and filling all tables takes long, so these tests run after the quick part.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and marker.kwargs.get("transaction"):
            marker.kwargs.setdefault("serialized_rollback", True)
            if item.get_closest_marker("chaos") is None:
                item.add_marker(pytest.mark.stack)


def pytest_collection_finish() -> None:
    """Let the garbage collector look past all modules and tests: none of them is ever given up."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Put the rows that migrations made back after a test which has emptied all tables.

    Without it only the next test with real transactions would find them, and not one in another
    file that the same process runs later.
    """
    result = yield
    marker = item.get_closest_marker("django_db")
    # After the last test the database is gone as well.
    if nextitem is not None and marker is not None and marker.kwargs.get("transaction"):
        from django.db import connection

        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)
    return result


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the test server before the first test database is made, as a copy of a migrated one."""
    from django.conf import settings

    if USES_OWN_CLUSTER:
        CLUSTER.ensure_running()
        CLUSTER.ensure_database(DATABASE)
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    template = migrated_database(owner)
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = template


@pytest.fixture(scope="session", autouse=True)
def append_only_tables_can_be_flushed() -> None:
    """Let the flush after a test with real transactions empty the append-only tables as well.

    Their triggers refuse TRUNCATE even to the owner. They are off for the length of the flush,
    inside its transaction, and nowhere else.
    """
    from django.apps import apps
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def flush_append_only(self: DatabaseOperations, sql_list: list[str]) -> None:
        tables = [m._meta.db_table for m in apps.get_models() if getattr(m, "append_only", False)]
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT format('ALTER TABLE %%s DISABLE TRIGGER %%I', tgrelid::regclass, tgname),"
                " format('ALTER TABLE %%s ENABLE ALWAYS TRIGGER %%I', tgrelid::regclass, tgname)"
                " FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
                " WHERE tgenabled = 'A' AND NOT tgisinternal AND relname = ANY(%s)",
                [tables],
            )
            triggers = cursor.fetchall()
        off, on = [row[0] for row in triggers], [row[1] for row in triggers]
        flush(self, [*off, *sql_list, *on])

    DatabaseOperations.execute_sql_flush = flush_append_only


@pytest.fixture(scope="session", autouse=True)
def same_identifiers_are_compiled_once() -> None:
    """Keep what was compiled: hundreds of look-ups in tests search for the same few people.

    What is compiled depends on the byte strings alone, and nothing changes it.
    """
    from workflows.corpus.match import patterns

    compiled = functools.cache(patterns._compile)
    patterns._compile = lambda values: compiled(tuple(values))


@pytest.fixture(scope="session", autouse=True)
def no_way_out() -> None:
    """Refuse connections that would leave this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = str(address[0])
            if host != "localhost" and not _is_loopback(host):
                self.close()
                raise RuntimeError(f"A test tried to connect to {host}.")

    def guarded_connect(self: socket.socket, address: object) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        check(self, address)
        return connect_ex(self, address)

    socket.socket.connect = guarded_connect
    socket.socket.connect_ex = guarded_connect_ex


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A real Valkey, to which Celery publishes for the length of the test.

    `broker.stop()` and `broker.start()` play an outage; the queue survives it.
    """
    from requests_portal.celery import app

    folder = Path(tempfile.mkdtemp(prefix="portal-broker-"))
    server = Broker(folder / "valkey")
    server.start()
    usual = app.conf.broker_url
    app.conf.broker_url = server.url
    app._after_fork()  # forget the connections to the usual broker
    yield server
    app.pool.force_close_all()
    app.conf.broker_url = usual
    app._after_fork()
    server.stop()
    shutil.rmtree(folder)


class SmtpSink:
    """A real mail server which keeps what it gets in `messages`, oldest first."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.messages.append(
            email.message_from_bytes(envelope.content, policy=email.policy.default)
        )
        return "250 Stored"


@pytest.fixture
def smtp_sink(settings) -> Iterator[SmtpSink]:
    """Mail goes over SMTP to a server that keeps it, instead of to `mail.outbox`."""
    sink = SmtpSink(free_port())
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    yield sink
    controller.stop()


@pytest.fixture(scope="session")
def stack(django_db_modify_db_settings: None) -> Iterator[Stack]:
    """The whole portal, served by its real processes on a database of its own."""
    from django.conf import settings

    name = f"{settings.DATABASES['default']['TEST']['NAME']}_stack"
    served = Stack(os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"], name)
    try:
        served.start()
        yield served
    finally:
        served.end()


@pytest.fixture(scope="session")
def sampled_stack(stack: Stack) -> Stack:
    """The same stack with the sample staff, teams and cases; more cases may be there as well."""
    stack.manage("load_sample_cases", "--force")
    return stack


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; without it the test is skipped, in CI it fails."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_CHROMIUM)
    return path
