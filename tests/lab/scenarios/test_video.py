"""A real video through a gateway that moves."""


def test_every_frame_arrives_over_moves_and_a_handover(lab):
    ue = lab.ue(enb=lab.enb(1)).attach()
    with lab.server.video(ue, seconds=3) as film:
        lab.migrate()
        ue.handover(lab.enb(2))
        lab.migrate()
    assert film.frames == 75
    ue.detach()
