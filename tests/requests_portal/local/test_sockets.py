"""Where a local server can be reached."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from requests_portal.local.sockets import free_port, listen, socket_folder


def test_a_port_in_use_gives_the_next(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_a_listening_socket_keeps_its_port_and_the_next_gets_another():
    first_port = free_port()
    with listen(first_port) as first, listen(first_port) as second:
        assert first.getsockname()[1] == first_port
        assert second.getsockname()[1] > first_port


def test_of_many_that_ask_for_one_port_at_once_each_gets_one_of_its_own():
    port = free_port()
    with ThreadPoolExecutor(8) as pool:
        sockets = list(pool.map(lambda _: listen(port), range(8)))
    try:
        assert len({taken.getsockname()[1] for taken in sockets}) == 8
    finally:
        for taken in sockets:
            taken.close()


def test_a_short_path_is_kept(folder):
    assert socket_folder(folder, ".s") == folder


def test_a_long_path_always_gives_the_same_short_one(folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    long = folder / ("x" * 120)
    short = socket_folder(long, ".s")
    assert short == socket_folder(long, ".s")
    assert short.parent == folder


def test_a_short_path_made_by_somebody_else_is_refused(folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    long = folder / ("x" * 120)
    socket_folder(long, ".s").symlink_to(folder)
    with pytest.raises(PermissionError, match="belongs to somebody else"):
        socket_folder(long, ".s")
