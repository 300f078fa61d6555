"""Attaching and detaching: addresses of every kind, several PDN connections, moves in between."""

import pytest


@pytest.mark.parametrize("pdn_type", ["ipv4", "ipv6", "ipv4v6"])
def test_a_ue_attaches_and_talks_before_and_after_a_move(lab, pdn_type):
    ue = lab.ue().attach(pdn_type=pdn_type)
    assert bool(ue.address4) == (pdn_type != "ipv6")
    assert bool(ue.address6) == (pdn_type != "ipv4")
    ue.ping(lab.server)
    lab.migrate()
    for family in (4, 6):
        if ue.address6 if family == 6 else ue.address4:
            ue.ping(lab.server, family=family)
            lab.server.ping(ue, family=family)
    ue.detach()


def test_the_options_reach_the_interface(lab):
    ue = lab.ue().attach(pdn_type="ipv4v6")
    assert ue.pdn.dns == [lab.server.address6, lab.server.address4]
    assert " mtu 1400 " in ue.run("ip", "link", "show", "internet")
    ue.detach()


def test_a_move_in_the_middle_of_streams_loses_nothing(lab):
    ue = lab.ue().attach(pdn_type="ipv4v6")
    with (
        lab.server.stream(ue, rate=300) as down,
        ue.stream(lab.server, rate=300, family=6) as up,
        lab.server.transfer(ue, 2_000_000),
    ):
        lab.migrate()
    assert down.received == down.sent > 0
    assert up.received == up.sent > 0
    ue.detach()


def test_a_ue_comes_again_after_its_detach(lab):
    ue = lab.ue().attach()
    before = lab.sgw.sessions
    ue.detach()
    assert lab.sgw.sessions == before - 1
    lab.migrate()
    ue.attach().ping(lab.server)
    assert lab.sgw.sessions == before
    ue.detach()


def test_a_ue_that_never_detached_attaches_anew(lab):
    ue = lab.ue().attach()
    before = lab.sgw.sessions
    ue.lose()
    lab.migrate()
    ue.attach().ping(lab.server)
    assert lab.sgw.sessions == before
    ue.detach()


def test_two_pdn_connections_are_kept_apart(lab):
    ue = lab.ue().attach("internet")
    ims = ue.attach("ims").pdns["ims"]
    lab.migrate()
    ue.run("ping", "-n", "-c", "2", "-i", "0.05", "-I", ims.address4, lab.server.address4)
    assert (ims.bearers[ims.ebi].uplink.packets, ue.bearer().uplink.packets) == (2, 0)
    lab.server.ping(ue, count=2)
    lab.server.ping(ims.address4, count=1)
    assert ims.bearers[ims.ebi].downlink.packets == 3
    ue.detach("ims").ping(lab.server)
    ue.detach()


def test_transport_over_ipv6(lab):
    mme, enb = lab.mme(2, ipv6=True), lab.enb(3, ipv6=True)
    ue = lab.ue(mme=mme, enb=enb).attach(pdn_type="ipv4v6")
    with lab.server.stream(ue, rate=200), ue.stream(lab.server, rate=200, family=6):
        lab.migrate()
    assert ue.bearer().gateway.reached_from(enb.address) == "fd00:12::1"
    with lab.server.stream(ue, rate=200):
        ue.handover(lab.enb(4, ipv6=True))
    ue.detach()
