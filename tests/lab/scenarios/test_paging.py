"""Paging: packets for an idle UE wait, wherever the sessions are, and come in order."""


def test_a_ping_from_the_server_wakes_the_ue(lab):
    ue = lab.ue().attach()
    ue.idle()
    lab.server.ping(ue)
    assert ue.connected and ue.pages == 1
    ue.detach()


def test_a_ue_comes_back_by_itself_to_send(lab):
    ue = lab.ue().attach().idle()
    lab.migrate()
    ue.ping(lab.server)
    assert ue.connected
    ue.detach()


def test_a_stream_begins_while_the_ue_is_idle(lab):
    ue = lab.ue().attach().idle()
    with lab.server.stream(ue, rate=200) as stream:
        lab.migrate()
        lab.reactor.wait(lambda: stream.received > 50, "the stream did not arrive")
    assert ue.pages == 1
    ue.detach()


def test_packets_wait_through_a_migration(lab):
    mme = lab.mme(2)
    mme.paging = "wait"  # acknowledges, and the UE takes its time
    ue = lab.ue(mme=mme).attach(pdn_type="ipv6")
    ue.idle()
    with lab.server.stream(ue, rate=20) as down:
        lab.reactor.wait(lambda: ue.pages, "the UE was not paged")
        lab.migrate()
        lab.reactor.wait(lambda: down.sent >= 30, "the stream stopped")
        assert down.received == 0 and ue.pages == 1
        assert lab.gateway.counters()["packets_waiting"] >= 25
        ue.service_request()
        lab.migrate()
    assert down.received == down.sent  # each once and in order
    assert lab.gateway.counters()["packets_waiting"] == 0
    ue.detach()


def test_a_notification_without_answer_is_repeated_over_a_move(lab):
    mme = lab.mme(5)
    mme.paging = "silent"
    ue = lab.ue(mme=mme).attach().idle()
    before = mme.pages
    with lab.server.send(ue, packets=5):
        lab.reactor.wait(lambda: mme.pages > before, "the MME was not notified")
        lab.migrate()
        mme.paging = "answer"
        ue.paged()
    assert mme.pages == before + 1
    ue.detach()


def test_an_enb_that_restarted_makes_the_mme_page(lab):
    ue = lab.ue(enb=lab.enb(3)).attach()
    ue.enb.restart()
    ue.connected = False  # as its radio tells it
    with lab.server.stream(ue, rate=50, lossy=True) as down:
        ue.paged()
        lab.reactor.wait(lambda: down.received > 10, "nothing arrives after the paging")
    ue.detach()


def test_a_ue_that_cannot_be_paged_is_left_alone(lab):
    mme = lab.mme(3)
    mme.paging = "refuse"
    ue = lab.ue(mme=mme).attach()
    ue.idle()
    barred = lab.gateway.counters()["drop_paging_barred"]
    with lab.server.stream(ue, rate=50, lossy=True) as down:
        lab.reactor.wait(lambda: down.sent >= 30, "the stream stopped")
    assert ue.pages == 1 and not ue.connected
    counters = lab.gateway.counters()
    assert counters["packets_waiting"] == 0 and counters["drop_paging_barred"] > barred
    lab.migrate()
    ue.service_request()
    assert down.received == 0
    ue.ping(lab.server)
    ue.detach()
