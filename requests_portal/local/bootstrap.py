"""Makes `manage.py` work on a bare machine: servers, secrets and addresses where none are given.

When DATABASE_URL is set, nothing is started and nothing is invented: that is a real installation.
"""

import os
import sys

from requests_portal.local.folders import data_folder, ensure_secrets

DATABASE = "requests_portal"

# These alter tables or look into how they are made: they connect as the owner of the tables.
OWNER_COMMANDS = frozenset(
    {
        "backup",
        "flush",
        "makemigrations",
        "migrate",
        "optimizemigration",
        "restore",
        "showmigrations",
        "sqlflush",
        "sqlmigrate",
        "squashmigrations",
        "test",
    }
)
# These never ask the database anything, so no server is started for them.
COMMANDS_WITHOUT_DATABASE = frozenset(
    {
        "apply_manifest",
        "collectstatic",
        "compilemessages",
        "deadline",
        "deadline_vectors",
        "diffsettings",
        "export_manifest",
        "findstatic",
        "gateway_key",
        "help",
        "ledger_key",
        "locate",
        "make_manifest",
        "makemessages",
        "rescan",
        "spectacular",
        "version",
    }
)


def prepare_environment(argv: list[str]) -> None:
    """Set in `os.environ` what the settings need to run the command in `argv`.

    Starts the bundled PostgreSQL if the command uses a database; it stops when the last process
    that uses it has ended. Exits with a sentence when the server does not start.
    """
    command = argv[1] if len(argv) > 1 else "help"
    if command in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return
    folder = data_folder()
    ensure_secrets(folder / "secrets")
    from requests_portal.local import postgres
    from requests_portal.local.shared_server import ServerError

    cluster = postgres.PostgresServer(folder / "postgres")
    os.environ["DATABASE_URL"] = cluster.url(postgres.RUNTIME_ROLE, DATABASE)
    os.environ["DATABASE_OWNER_URL"] = cluster.url(postgres.OWNER_ROLE, DATABASE)
    if needs_database(argv):
        try:
            cluster.ensure_running()
            cluster.ensure_database(DATABASE)
        except (ServerError, OSError) as error:
            sys.exit(str(error))


def needs_database(argv: list[str]) -> bool:
    """Say whether the command in `argv` asks the database anything."""
    command = argv[1] if len(argv) > 1 else "help"
    if command == "check":
        return "--database" in argv
    return command not in COMMANDS_WITHOUT_DATABASE and not {"-h", "--help", "--version"} & set(
        argv
    )
