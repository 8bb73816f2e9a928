"""The bundled PostgreSQL: made once, shared, ended with its last user, whatever happens."""

import os
import signal

import psutil
import psycopg
import pytest

from requests_portal.local.postgres import (
    OWNER_ROLE,
    REGULATOR_ROLE,
    RUNTIME_ROLE,
    SUPERUSER,
    PostgresServer,
)
from tests.stack import eventually

USE = """
import sys
from pathlib import Path
from requests_portal.local.postgres import PostgresServer
PostgresServer(Path(sys.argv[1]), {"fsync": "off"}).ensure_running()
print("in use", flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.stack


def servers_of(cluster: PostgresServer) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "postgres" and process.info["cwd"] == str(cluster.folder)
    ]


def postmaster(cluster: PostgresServer) -> int:
    return int((cluster.folder / "postmaster.pid").read_text().split()[0])


def works(cluster: PostgresServer) -> bool:
    try:
        with psycopg.connect(cluster.url(SUPERUSER, "postgres"), connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_the_owner_makes_tables_and_databases_the_runtime_role_neither(cluster):
    with psycopg.connect(cluster.url(OWNER_ROLE, "portal"), autocommit=True) as owner:
        owner.execute("CREATE TABLE a (b int)")
        owner.execute("CREATE DATABASE test_portal")
    with psycopg.connect(cluster.url(RUNTIME_ROLE, "portal"), autocommit=True) as runtime:
        for statement in ("CREATE TABLE c (d int)", "CREATE DATABASE e", "SELECT * FROM a"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)


def test_the_regulators_role_is_taken_and_cannot_log_in(cluster):
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(cluster.url(REGULATOR_ROLE, "portal"))
    for role in (OWNER_ROLE, RUNTIME_ROLE):
        with psycopg.connect(cluster.url(role, "portal")) as connection:
            rights = connection.execute(
                "SELECT pg_has_role(%(role)s, 'SET'), pg_has_role(%(role)s, 'USAGE')",
                {"role": REGULATOR_ROLE},
            )
            assert rights.fetchone() == (True, False)


def test_roles_and_database_are_made_once(cluster):
    cluster.ensure_database("portal")
    assert works(cluster)


def test_texts_sort_alike_on_every_machine(cluster):
    with psycopg.connect(cluster.url(OWNER_ROLE, "portal")) as connection:
        rows = connection.execute(
            "SELECT upper(x) FROM (VALUES ('é'), ('b'), ('A')) v (x) ORDER BY x"
        )
        assert [row[0] for row in rows] == ["A", "B", "É"]


def test_nobody_else_may_reach_the_server(cluster):
    assert cluster.socket_folder.stat().st_mode & 0o077 == 0


def test_data_outlive_the_server(folder):
    cluster = PostgresServer(folder / "postgres", {"fsync": "off"})
    cluster.ensure_running()
    cluster.ensure_database("portal")
    with psycopg.connect(cluster.url(OWNER_ROLE, "portal")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    cluster.leave()
    assert servers_of(cluster) == []
    cluster.ensure_running()
    with psycopg.connect(cluster.url(OWNER_ROLE, "portal")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    cluster.leave()


def test_the_server_ends_with_its_last_user_even_if_all_are_killed(folder, python):
    cluster = PostgresServer(folder / "postgres", {"fsync": "off"})
    users = [python(USE, cluster.folder) for _ in range(2)]
    for user in users:
        assert user.stdout.readline() == "in use\n"
    users[0].kill()
    users[0].wait()
    assert works(cluster)
    users[1].kill()
    eventually(lambda: not servers_of(cluster), "the server has ended")


def test_a_server_that_is_killed_comes_back_while_it_is_used(cluster):
    os.kill(postmaster(cluster), signal.SIGKILL)
    eventually(lambda: works(cluster), "the server is back")


def test_who_comes_while_a_killed_server_comes_back_waits_for_it(cluster):
    os.kill(postmaster(cluster), signal.SIGKILL)
    eventually(lambda: not works(cluster), "the server has gone")
    cluster.ensure_running()
    assert works(cluster)


def test_the_server_ends_when_its_keeper_is_killed_and_can_be_started_again(cluster):
    keeper = psutil.Process(postmaster(cluster)).parent()
    keeper.kill()
    cluster.leave()
    eventually(lambda: not servers_of(cluster), "the server has ended")
    cluster.ensure_running()
    assert works(cluster)


def test_a_pid_file_that_names_another_program_does_not_hinder_a_start(cluster):
    cluster.leave()
    pid_file = cluster.folder / "postmaster.pid"
    pid_file.write_text(
        f"{os.getpid()}\n{cluster.folder}\n1\n5432\n{cluster.folder}\n\n0 0\nready\n"
    )
    cluster.ensure_running()
    assert works(cluster)


def test_a_long_path_gets_its_socket_elsewhere(folder):
    long = folder / ("a-very-long-name-" * 6)
    long.mkdir()
    cluster = PostgresServer(long / "postgres", {"fsync": "off"})
    cluster.ensure_running()
    assert works(cluster)
    assert cluster.socket_folder != cluster.folder
    assert cluster.socket_folder.stat().st_mode & 0o077 == 0
    cluster.leave()
    cluster.socket_folder.rmdir()
