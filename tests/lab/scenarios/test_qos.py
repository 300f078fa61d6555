"""Bearers of their own for calls, and rates that are kept, over moves."""

import pytest

UP_PORT, DOWN_PORT = 5004, 5005  # the server's, of the rule in conftest.py
EXPEDITED = 46  # DSCP of QCI 1


@pytest.mark.parametrize("family", [4, 6])
def test_a_call_has_a_bearer_of_its_own(lab, family):
    ue = lab.ue().attach("ims", "ipv4v6")
    voice = ue.dedicated(qci=1)
    before = ue.bearer().uplink.packets, ue.bearer().downlink.packets
    with (
        lab.server.stream(ue, family, source_port=DOWN_PORT) as down,
        ue.stream(lab.server, family, port=UP_PORT) as up,
        lab.server.stream(ue, family) as other_down,
        ue.stream(lab.server, family) as other_up,
    ):
        lab.migrate()
    assert (voice.uplink.packets, voice.downlink.packets) == (up.sent, down.sent)
    default = ue.bearer()
    assert default.uplink.packets - before[0] == other_up.sent
    assert default.downlink.packets - before[1] == other_down.sent
    assert (voice.dscp, default.dscp) == (EXPEDITED, 0)
    ue.detach()


def test_a_call_goes_on_through_a_handover(lab):
    ue = lab.ue(enb=lab.enb(1)).attach("ims")
    voice = ue.dedicated(qci=1)
    with (
        lab.server.stream(ue, source_port=DOWN_PORT) as down,
        ue.stream(lab.server, port=UP_PORT) as up,
    ):
        ue.handover(lab.enb(2), "x2", during=lab.migrate)
        ue.handover(lab.enb(1), "s1", during=lab.migrate)
    assert (voice.uplink.packets, voice.downlink.packets) == (up.sent, down.sent)
    ue.detach()


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
def test_the_aggregate_rate_is_kept_over_a_move(lab, direction):
    kbits, burst_s = 2000, 0.1
    ue = lab.ue().attach(ambr=(kbits, kbits))
    source, target = (ue, lab.server) if direction == "uplink" else (lab.server, ue)
    with source.flood(target, kbits=3 * kbits) as flood:
        lab.reactor.wait(lambda: flood.sent > 500, "the flood did not begin")
        lab.migrate()
        lab.reactor.wait(lambda: flood.sent > 1500, "the flood ended")
    allowed = (flood.seconds + burst_s) * kbits * 1000 / 8
    assert flood.arrived_octets == pytest.approx(allowed, rel=0.04)
    ue.detach()
