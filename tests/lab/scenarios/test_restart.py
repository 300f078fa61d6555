"""Peers that restart, and what the gateway makes of it."""


def test_a_restarted_mme_has_no_sessions_left(lab):
    mme = lab.mme(4)
    others = lab.sgw.sessions
    for _ in range(3):
        lab.ue(mme=mme).attach()
    assert lab.sgw.sessions == others + 3
    lab.migrate()
    mme.restart()
    lab.reactor.wait(lambda: lab.sgw.sessions == others, "the sessions were not deleted")
    assert lab.sgw.counters()["peer_restarts"] >= 1


def test_an_echo_after_a_move_has_the_same_recovery_value(lab):
    def recovery():
        return lab.mme().echo().ies.number(3)

    before = recovery()
    lab.migrate()
    assert recovery() == before


def test_a_restarted_enb_has_its_ues_paged(lab):
    enb = lab.enb(5)
    ue = lab.ue(enb=enb).attach()
    enb.restart()
    with lab.server.send(ue, packets=1, lossy=True):
        ue.paged()
    assert enb.counts["unknown_teid"] == 1
    with lab.server.stream(ue, rate=200):
        lab.migrate()
    ue.detach()
