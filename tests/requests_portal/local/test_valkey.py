"""The bundled broker."""

import pytest
import redis

from requests_portal.local.valkey import Address, Broker

pytestmark = pytest.mark.stack


def client(broker: Broker) -> redis.Redis:
    return redis.Redis.from_url(broker.address.client_url)


def test_it_listens_on_a_socket_of_ours_only(folder):
    address = Address.in_folder(folder)
    assert address.url == f"redis+socket://{folder}/valkey.sock"
    assert address.client_url == f"unix://{folder}/valkey.sock"


def test_a_path_too_long_for_a_socket_gives_a_port_of_this_machine(folder):
    address = Address.in_folder(folder / ("long" * 30))
    assert address.url == f"redis://127.0.0.1:{address.port}/0"


def test_the_queue_outlives_the_server(folder):
    broker = Broker(folder / "valkey")
    broker.start()
    with client(broker) as first:
        first.rpush("queue", "task")
    broker.stop()
    broker.start()
    with client(broker) as second:
        assert second.lrange("queue", 0, -1) == [b"task"]
    broker.stop()


def test_a_server_on_a_port_works_as_well(folder):
    broker = Broker(folder / ("long" * 30))
    broker.start()
    with client(broker) as connection:
        assert connection.ping()
    broker.stop()


def test_celery_publishes_to_it(broker):
    from requests_portal.celery import app

    app.send_task("workflows.outbox.tasks.nothing", ignore_result=True)
    with client(broker) as connection:
        assert connection.llen("celery") == 1
