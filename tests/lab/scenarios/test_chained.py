"""An S-GW and a P-GW in chain over S5; either may move, and so may both."""

from .conftest import makes_a_bearer

LAB = "chained"


def test_both_gateways_move_under_load(lab):
    ue = lab.ue().attach(pdn_type="ipv4v6")
    ue.ping(lab.server)
    with (
        lab.server.stream(ue, rate=200) as down,
        ue.stream(lab.server, rate=200, family=6) as up,
    ):
        lab.sgw.migrate()
        lab.gateway.migrate()
    assert down.received == down.sent > 0
    assert up.received == up.sent > 0
    ue.detach()
    assert (lab.sgw.sessions, lab.gateway.sessions) == (0, 0)


def test_a_ue_is_paged_and_handed_over(lab):
    ue = lab.ue(enb=lab.enb(1)).attach().idle()
    with lab.server.send(ue, packets=20):
        lab.sgw.migrate()
        ue.paged()
    with lab.server.stream(ue, rate=200) as down:
        ue.handover(lab.enb(2), "x2", during=lab.gateway.migrate)
        ue.handover(lab.enb(1), "s1", during=lab.sgw.migrate)
        seen = down.received
        lab.reactor.wait(lambda: down.received > seen + 20, "the stream ended")
    ue.detach()


def test_a_call_has_a_bearer_of_its_own(lab):
    with makes_a_bearer(lab):
        ue = lab.ue().attach("ims")
        voice = ue.dedicated(qci=1)
    with lab.server.stream(ue, source_port=5005) as down, ue.stream(lab.server, port=5004) as up:
        lab.sgw.migrate()
        lab.gateway.migrate()
    assert (voice.uplink.packets, voice.downlink.packets) == (up.sent, down.sent)
    ue.detach()
