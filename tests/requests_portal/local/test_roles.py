"""The roles that docker-compose.yml's PostgreSQL makes are those of one machine, with passwords."""

import subprocess

import psycopg
import pytest

from requests_portal.local.folders import PROJECT
from requests_portal.local.postgres import ROLES, SUPERUSER
from requests_portal.local.wheels import postgres_programs


@pytest.mark.stack
def test_the_first_start_of_the_database_makes_owner_and_runtime_role(folder, cluster):
    passwords = {"owner": "0a1b", "runtime": "2c3d"}
    for name, role in (("database_owner_url", "owner"), ("database_url", "runtime")):
        address = f"postgresql://portal_{role}:{passwords[role]}@postgres/requests_portal\n"
        (folder / name).write_text(address)
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE portal")
        for role, _ in ROLES:
            connection.execute(f"DROP ROLE {role}")
        connection.execute("CREATE DATABASE requests_portal")
    subprocess.run(
        [
            str(postgres_programs() / "psql"),
            "--quiet",
            f"--set=secrets={folder}",
            f"--dbname={cluster.url(SUPERUSER, 'requests_portal')}",
            f"--file={PROJECT / 'requests_portal' / 'local' / 'roles.sql'}",
        ],
        check=True,
    )
    with psycopg.connect(cluster.url("portal_owner", "requests_portal")) as owner:
        owner.execute("CREATE TABLE made_by_the_owner ()")
    with (
        psycopg.connect(cluster.url("portal_runtime", "requests_portal")) as runtime,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        runtime.execute("CREATE TABLE not_made ()")
    with psycopg.connect(cluster.url(SUPERUSER, "postgres")) as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolpassword IS NOT NULL FROM pg_authid"
            " WHERE rolname LIKE 'portal_%' ORDER BY 1"
        )
        assert rows.fetchall() == [
            ("portal_owner", True, True),
            ("portal_regulator", False, False),
            ("portal_runtime", True, True),
        ]
