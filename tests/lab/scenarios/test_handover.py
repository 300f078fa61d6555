"""Handover: the UE changes its eNB while packets flow and the gateway moves."""

import pytest


@pytest.mark.parametrize("kind", ["x2", "s1"])
def test_packets_stay_in_order_through_a_handover(lab, kind):
    ue = lab.ue(enb=lab.enb(1)).attach()
    end_markers = lab.enb(1).counts["end_marker"]
    with lab.server.stream(ue, rate=300) as down, ue.stream(lab.server, rate=300) as up:
        lab.reactor.wait(lambda: down.received > 20, "the stream did not begin")
        ue.handover(lab.enb(2), kind, during=lab.migrate)
        seen = down.received
        lab.reactor.wait(lambda: down.received > seen + 20, "the stream ended")
        lab.migrate()
    assert ue.enb is lab.enb(2)
    source = lab.enb(1).counts
    assert source["end_marker"] == end_markers + 1
    assert source["after_end_marker"] == 0
    assert down.received == down.sent
    assert up.received == up.sent
    ue.detach()
