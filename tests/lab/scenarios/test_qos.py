"""Bearers of their own for calls, and rates that are kept, over moves."""

import pytest

from .conftest import BURST_S, makes_a_bearer

UP_PORT, DOWN_PORT = 5004, 5005  # the server's, of the rule in conftest.py
EXPEDITED = 46  # DSCP of QCI 1


@pytest.mark.parametrize("family", [4, 6])
def test_a_call_has_a_bearer_of_its_own(lab, family):
    with makes_a_bearer(lab):
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
    with makes_a_bearer(lab):
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
    kbits = 2000
    ue = lab.ue().attach(ambr=(kbits, kbits))
    source, target = (ue, lab.server) if direction == "uplink" else (lab.server, ue)
    with source.flood(target, kbits=3 * kbits) as flood:
        lab.reactor.wait(lambda: flood.sent > 500, "the flood did not begin")
        lab.migrate()
        lab.reactor.wait(lambda: flood.sent > 1500, "the flood ended")
    # A bucket that a move fills is a third more than this, one that it empties a third less.
    allowed = (flood.seconds + BURST_S) * kbits * 1000 / 8
    assert flood.arrived_octets == pytest.approx(allowed, rel=0.1)
    ue.detach()


def test_an_operator_orders_a_bearer_changes_it_and_ends_it(lab):
    ue = lab.ue().attach()
    words = ["both udp remote 10.13.0.30 port 6000-6001"]
    with makes_a_bearer(lab):
        lab.gateway.bearer_add(ue, "game", qci=3, gbr_uplink=900, gbr_downlink=900, filters=words)
        game = ue.dedicated(qci=3)
    lab.migrate()
    with lab.server.stream(ue, source_port=6001) as down, ue.stream(lab.server, port=6000) as up:
        lab.migrate()
    assert (game.uplink.packets, game.downlink.packets) == (up.sent, down.sent)
    lab.gateway.bearer_change(
        ue, "game", qci=4, gbr_uplink=900, gbr_downlink=900, filters=["up udp remote port 6002"]
    )
    assert ue.dedicated(qci=4) is game
    with ue.stream(lab.server, port=6002) as up_anew, ue.stream(lab.server, port=6000):
        lab.migrate()
    assert game.uplink.packets == up.sent + up_anew.sent
    lab.gateway.bearer_remove(ue, "game")
    lab.reactor.wait(lambda: game.ebi not in ue.pdn.bearers, "the bearer was not removed")
    ue.ping(lab.server)
    ue.detach()
