"""Every mishap of a packet must show in the accounts, and nothing else may."""

import pytest

from portvnf.lab import packet
from portvnf.lab.account import BIN_NS, FlowAccount, Receiver, totals
from portvnf.lab.traffic import DOWNLINK, UPLINK, Flow, Pacer, Sink, Source

V4 = Flow(7, packet.packed("10.45.0.7"), packet.packed("198.51.100.30"), 7000)
V6 = Flow(8, packet.packed("2001:db8:45:8::1"), packet.packed("2001:db8:100::30"), 7000)


def account(arrivals, sent):
    receiver = Receiver()
    for number, sequence in enumerate(arrivals):
        receiver.take(1, sequence, 1000 * number, 1000 * number + 500, 92)
    return totals({"1": sent}, receiver.report(before_ns=10**12))


@pytest.mark.parametrize(
    ("arrivals", "sent", "expected"),
    [
        ([0, 1, 2, 3], 4, (4, 0, 0, 0, 0)),
        ([0, 1, 3], 4, (3, 1, 0, 0, 0)),
        ([0, 1, 2], 4, (3, 1, 0, 0, 0)),
        ([1, 2, 3], 4, (3, 1, 0, 0, 0)),
        ([], 4, (0, 4, 0, 0, 0)),
        ([0, 1, 1, 2, 3], 4, (4, 0, 1, 0, 0)),
        ([0, 1, 2, 3, 0], 4, (4, 0, 1, 0, 0)),
        ([0, 2, 1, 3], 4, (4, 0, 0, 1, 0)),
        ([3, 2, 1, 0], 4, (4, 0, 0, 3, 0)),
        ([0, 2, 1, 1], 4, (3, 1, 1, 1, 0)),
        ([0, 1, 2, 3, 4], 4, (5, 0, 0, 0, 1)),
    ],
)
def test_mishaps(arrivals, sent, expected):
    found = account(arrivals, sent)
    figures = (
        found.received,
        found.lost,
        found.duplicated,
        found.reordered,
        found.misdelivered,
    )
    assert figures == expected
    assert found.clean == (figures == (sent, 0, 0, 0, 0))


def test_nothing_sent_is_not_clean():
    assert not account([], 0).clean


def test_a_flow_that_nobody_sent_is_misdelivered():
    receiver = Receiver()
    receiver.take(9, 0, 0, 1, 92)
    found = totals({"1": 0}, receiver.report(10**12))
    assert (found.received, found.misdelivered) == (0, 1)


def test_a_packet_in_its_place_is_told_from_one_that_is_not():
    flow = FlowAccount()
    assert [flow.take(n) for n in (0, 1, 3, 2, 4, 4)] == [True, True, False, False, True, False]


def test_added_delay_is_the_largest_less_the_median_before_the_first_move():
    receiver = Receiver()
    for sequence, (sent, delay) in enumerate([(0, 4), (10, 6), (20, 5), (100, 905), (200, 7)]):
        receiver.take(1, sequence, sent * 10**6, (sent + delay) * 10**6, 92)
    found = totals({"1": 5}, receiver.report(before_ns=50 * 10**6))
    assert found.median_delay_ms == 5
    assert found.max_added_delay_ms == 900


def test_bins_follow_the_time_of_arrival():
    receiver = Receiver()
    receiver.take(1, 0, 0, BIN_NS - 1, 92)
    receiver.take(1, 2, 0, BIN_NS, 92)
    bins = receiver.report(0)["bins"]
    assert [(at, packets, octets, gaps) for at, packets, octets, gaps, *_ in bins] == [
        (0, 1, 92, 0),
        (BIN_NS, 1, 92, 1),
    ]


@pytest.mark.parametrize("flow", [V4, V6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("direction", [UPLINK, DOWNLINK])
def test_source_and_sink_agree(flow, direction):
    source, sink = Source(flow, direction), Sink(direction)
    sink.expect(flow)
    for now in (1, 2**40 + 12345, 2**63):
        assert sink.take(source.next(now), now + 5)
    assert (sink.receiver.received, sink.receiver.damaged, sink.receiver.misdelivered) == (3, 0, 0)


@pytest.mark.parametrize("flow", [V4, V6], ids=["ipv4", "ipv6"])
def test_every_flipped_bit_of_the_datagram_is_noticed(flow):
    data = Source(flow, UPLINK).next(123456789)
    start = 12 if flow is V4 else 8  # from the addresses on; routers rewrite what is before
    for at in range(start, len(data)):
        for bit in range(8):
            sink = Sink(UPLINK)
            sink.expect(flow)
            broken = bytearray(data)
            broken[at] ^= 1 << bit
            sink.take(bytes(broken), 123456790)
            assert sink.receiver.received == 0, (at, bit)


def test_the_wrong_end_point_is_misdelivery():
    source, sink = Source(V4, DOWNLINK), Sink(DOWNLINK)
    sink.expect(V4)
    sink.expect(V6)
    assert sink.take(source.next(1), 2, at_flow=V6.number)
    assert not sink.receiver.received
    assert sink.receiver.misdelivered == 1


def test_other_packets_are_not_taken():
    sink = Sink(UPLINK)
    sink.expect(V4)
    for data in (b"", b"\x45" * 10, packet.udp(V4.ue, V4.server, (7000, 7000), b"hello")):
        assert not sink.take(data, 1)


def test_the_pacer_keeps_its_rate_and_takes_turns():
    sources = [Source(V4, UPLINK), Source(V6, UPLINK)]
    sent = []

    def send(burst):
        sent.extend(source.flow.number for source, _packet in burst)
        return len(burst)

    pacer = Pacer(sources, rate=1000, send=send, limit_s=0.2)
    pacer.start()
    pacer.join()
    assert pacer.failure is None
    assert 100 <= len(sent) <= 210
    assert sent[:4] == [7, 8, 7, 8]
    assert sum(source.sent for source in sources) == len(sent)


def test_a_refused_packet_is_told():
    pacer = Pacer([Source(V4, UPLINK)], 1000, lambda burst: 0, limit_s=0.05)
    pacer.start()
    pacer.join()
    assert pacer.refused > 0
