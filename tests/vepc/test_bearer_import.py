"""Filters and orders from a hostile source: refused with everything as it was, or sound."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portvnf import bearer_order
from portvnf.state.vepc import FILTER, SCHEMA
from portvnf.vnf import RefusalError

from .gateway import Gateway
from .test_bearer_orders import VOICE, Call

FILTERS = SCHEMA.section("filter").number


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    """A gateway with one dedicated bearer of two filters."""
    call = Call(moves=False)
    call.attach()
    call.accept(call.order("add", **VOICE)[0])
    return call.gateway


def records(gateway: Gateway) -> list[Any]:
    data, found = gateway.section(FILTERS), []
    while data:
        found.append(FILTER.parse(data))
        data = data[len(FILTER.build(found[-1])) :]
    return found


def take(gateway: Gateway, data: bytes) -> Gateway:
    fresh = gateway.fresh()
    fresh.take(gateway.state() | {FILTERS: data})
    return fresh


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"remote_mask": "ff" * 10 + "00" * 6}, "a value that no encoder writes"),
        ({"remote_ports": [7]}, "a value that no encoder writes"),
        ({"remote_ports": [7, 6]}, "a value that no encoder writes"),
        ({"protocol": [1]}, "a value that no encoder writes"),
        ({"flow_label": [1]}, "a value that no encoder writes"),
        ({"identifier": 1}, "taken already"),
    ],
)
def test_no_filter_is_taken_unchecked(
    gateway: Gateway, change: dict[str, Any], sentence: str
) -> None:
    first, second = records(gateway)
    assert take(gateway, FILTER.build(first) + FILTER.build(second)).state() == gateway.state()
    first.match.update(change)
    with pytest.raises(RefusalError, match=sentence):
        take(gateway, FILTER.build(first) + FILTER.build(second))


def test_a_filter_needs_its_bearer(gateway: Gateway) -> None:
    first, _ = records(gateway)
    first.s1u_teid += 1
    with pytest.raises(RefusalError, match="names another that is not there"):
        take(gateway, FILTER.build(first))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_changed_filters_are_refused_or_kept_as_they_are(gateway: Gateway, data: Any) -> None:
    section = bytearray(gateway.section(FILTERS))
    section[data.draw(st.integers(0, len(section) - 1))] = data.draw(st.integers(0, 255))
    try:
        fresh = take(gateway, bytes(section))
    except RefusalError:
        return
    assert fresh.section(FILTERS) == bytes(section)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_changed_order_is_refused_or_carried_out(gateway: Gateway, data: Any) -> None:
    action = data.draw(st.sampled_from(["add", "change"]))
    rule = {"rule": "call-8"} if action == "add" else {}
    order = bytearray(bearer_order.encode(bearer_order.order(action, VOICE | rule)))
    order[data.draw(st.integers(0, len(order) - 1))] ^= data.draw(st.integers(1, 255))
    copy = gateway.copy()
    before = copy.state()
    try:
        copy.vnf.import_(copy.arena, bearer_order.SECTION, bytes(order), copy.now_ns)
    except RefusalError:
        assert copy.state() == before
        return
    assert copy.copy().state() == copy.state() != before
    assert len(copy.run(ms=1).out) == 1
