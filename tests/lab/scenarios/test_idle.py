"""Idle UEs: packets wait, the UE is called, everything arrives in order."""


def an_mme(lab, paging="answer"):
    """One whose manners these tests may change."""
    mme = lab.mme(5)
    mme.paging = paging
    return mme


def test_a_ue_comes_back_by_itself_to_send(lab):
    ue = lab.ue().attach().idle()
    lab.migrate()
    ue.ping(lab.server)
    assert ue.connected
    ue.detach()


def test_packets_wait_for_a_ue_that_is_paged(lab):
    ue = lab.ue(mme=an_mme(lab)).attach().idle()
    with lab.server.send(ue, packets=20):
        ue.paged()
    assert ue.pages == 1
    ue.detach()


def test_packets_wait_over_a_move(lab):
    ue = lab.ue(mme=an_mme(lab)).attach(pdn_type="ipv6").idle()
    an_mme(lab, "wait")
    with lab.server.send(ue, packets=20) as stream:
        lab.reactor.wait(lambda: ue.pages, "the UE was not paged")
        lab.migrate()
        stream.burst(20)
        ue.service_request()
        stream.burst(20)
    assert ue.pages == 1
    ue.detach()


def test_a_notification_without_answer_is_repeated_over_a_move(lab):
    ue = lab.ue(mme=an_mme(lab)).attach().idle()
    mme = an_mme(lab, "silent")
    before = mme.pages
    with lab.server.send(ue, packets=5):
        lab.reactor.wait(lambda: mme.pages > before, "the MME was not notified")
        lab.migrate()
        mme.paging = "answer"
        ue.paged()
    assert mme.pages == before + 1
    ue.detach()


def test_what_cannot_be_delivered_is_dropped(lab):
    ue = lab.ue(mme=an_mme(lab)).attach().idle()
    an_mme(lab, "refuse")
    with lab.server.send(ue, packets=5, lossy=True) as stream:
        lab.reactor.wait(lambda: ue.pages, "the UE was not paged")
        lab.migrate()
        ue.service_request()
    assert stream.received == 0
    ue.ping(lab.server)
    ue.detach()


def test_a_stream_begins_while_the_ue_is_idle(lab):
    ue = lab.ue(mme=an_mme(lab)).attach().idle()
    with lab.server.stream(ue, rate=200) as stream:
        lab.migrate()
        lab.reactor.wait(lambda: stream.received > 50, "the stream did not arrive")
    ue.detach()
