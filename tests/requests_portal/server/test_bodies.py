"""Bodies are read into memory within a size, a time and the room that there is."""

import asyncio
import re
from dataclasses import replace
from http import HTTPStatus

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from requests_portal.local.folders import PROJECT
from requests_portal.server.bodies import (
    MIB,
    Bodies,
    Bounds,
    Disconnected,
    Refused,
    bounds_for,
)

BOUNDS = Bounds(body_bytes=100, all_bytes=150, grace_seconds=0.2, bytes_per_second=1000)


def coming(*parts, pause=0.0):
    """Return what a server gives for a body in these parts, one after the other."""
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]

    async def receive():
        await asyncio.sleep(pause)
        return messages.pop(0)

    return receive


async def never():
    await asyncio.sleep(60)


async def gone():
    return {"type": "http.disconnect"}


def read(receive, announced=None, bodies=None):
    return asyncio.run((bodies or Bodies(BOUNDS)).read(announced, receive))


def refusal(*arguments, **named):
    with pytest.raises(Refused) as refused:
        read(*arguments, **named)
    return refused.value.status


def test_a_body_is_read_whole():
    body = read(coming(b"a", b"", b"bc"))
    assert body.file.getvalue() == b"abc"
    assert body.file.read() == b"abc"
    assert body.size == 3


def test_an_announced_size_is_refused_before_anything_is_read():
    assert refusal(never, announced=101) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_body_that_nobody_announced_is_cut_off():
    assert refusal(coming(b"a" * 60, b"a" * 60)) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_body_that_does_not_come_is_given_up():
    assert refusal(never) == HTTPStatus.REQUEST_TIMEOUT


def test_a_body_that_trickles_is_given_up():
    assert refusal(coming(*[b"a"] * 50, pause=0.02)) == HTTPStatus.REQUEST_TIMEOUT


def test_a_body_that_came_fast_and_stalls_is_given_up_as_soon_as_any_other():
    bounds = Bounds(body_bytes=10_000, all_bytes=10_000, grace_seconds=0.2, bytes_per_second=10)
    begun = [{"type": "http.request", "body": b"a" * 9_999, "more_body": True}]

    async def stalls():
        return begun.pop() if begun else await never()

    async def read_within_seconds():
        # What came would make up for a quarter of an hour without a byte.
        await asyncio.wait_for(Bodies(bounds).read(10_000, stalls), 30)

    with pytest.raises(Refused) as refused:
        asyncio.run(read_within_seconds())
    assert refused.value.status == HTTPStatus.REQUEST_TIMEOUT


def test_large_bodies_leave_room_for_small_ones():
    bounds = replace(BOUNDS, all_bytes=200, small_bytes=40)
    bodies = Bodies(bounds)
    large = [read(coming(b"a" * 30, b"a" * 45), bodies=bodies) for _ in range(2)]
    assert refusal(coming(b"a" * 41), bodies=bodies) == HTTPStatus.SERVICE_UNAVAILABLE
    small = read(coming(b"a" * 40), bodies=bodies)
    assert refusal(coming(b"a" * 11), bodies=bodies) == HTTPStatus.SERVICE_UNAVAILABLE
    for body in (*large, small):
        body.release()
    assert [read(coming(b"a" * 50), bodies=bodies).size for _ in range(3)] == [50] * 3


def test_a_body_that_comes_at_the_least_rate_is_taken():
    bounds = replace(BOUNDS, grace_seconds=1.0, bytes_per_second=10)
    assert read(coming(*[b"a" * 30] * 3, pause=0.4), bodies=Bodies(bounds)).size == 90


def test_who_leaves_is_not_waited_for():
    with pytest.raises(Disconnected):
        read(gone)


def test_there_is_room_for_so_many_bodies_and_again_when_they_are_released():
    bodies = Bodies(BOUNDS)
    first = read(coming(b"a" * 100), bodies=bodies)
    assert refusal(coming(b"a" * 60), bodies=bodies) == HTTPStatus.SERVICE_UNAVAILABLE
    first.release()
    first.release()
    second = read(coming(b"a" * 90), bodies=bodies)
    assert refusal(coming(b"a" * 90), bodies=bodies) == HTTPStatus.SERVICE_UNAVAILABLE
    second.release()
    assert read(coming(b"a" * 100), bodies=bodies).size == 100


@pytest.mark.parametrize("receive", [gone, never], ids=["gone", "slow"])
def test_a_body_that_failed_takes_no_room(receive):
    bodies = Bodies(BOUNDS)
    begun = [{"type": "http.request", "body": b"a" * 90, "more_body": True}]

    async def half():
        return begun.pop() if begun else await receive()

    with pytest.raises((Refused, Disconnected)):
        read(half, bodies=bodies)
    assert read(coming(b"a" * 100), bodies=bodies).size == 100


@pytest.mark.parametrize(
    ("body_mib", "given", "all_mib"),
    [(51, None, 256), (51, "69", 69), (192, None, 257), (501, None, 669), (501, "800", 800)],
)
def test_the_room_for_all_bodies_has_room_for_a_large_one(monkeypatch, body_mib, given, all_mib):
    monkeypatch.delenv("WEB_BODIES_MIB", raising=False)
    if given:
        monkeypatch.setenv("WEB_BODIES_MIB", given)
    bounds = bounds_for(body_mib * MIB)
    assert bounds.all_bytes == all_mib * MIB
    assert bounds.large_bytes >= bounds.body_bytes == body_mib * MIB


def test_room_that_is_too_small_for_one_body_is_refused(monkeypatch):
    monkeypatch.setenv("WEB_BODIES_MIB", "668")
    with pytest.raises(ImproperlyConfigured, match="WEB_BODIES_MIB must be at least 669"):
        bounds_for(501 * MIB)


def test_the_proxy_of_compose_takes_bodies_of_the_same_size():
    configured = (PROJECT / "requests_portal" / "local" / "nginx.conf").read_text()
    (largest,) = re.findall(r"client_max_body_size (\d+)m;", configured)
    form = settings.ATTACHMENT_MAX_COUNT * settings.ATTACHMENT_MAX_BYTES + MIB
    assert int(largest) * MIB == form
