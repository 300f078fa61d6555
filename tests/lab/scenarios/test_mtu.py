"""Packets that do not fit, told to real kernels."""

import pytest

S1U_MTU = 1500
OUTER = {4: 20 + 8 + 8, 6: 40 + 8 + 8}  # IP, UDP, GTP-U


@pytest.mark.parametrize("family", [4, 6])
def test_a_kernel_learns_what_fits(lab, family):
    ue = lab.ue().attach(pdn_type="ipv4v6")
    lab.migrate()
    assert lab.server.path_mtu(ue, 4000, family) == S1U_MTU - OUTER[4]
    ue.detach()


def test_what_may_be_fragmented_arrives(lab):
    ue = lab.ue().attach()
    lab.migrate()
    size = ("ping", "-n", "-c", "2", "-M", "dont", "-s", "3000")
    lab.server.run(*size, ue.address4)
    ue.run(*size, lab.server.address4)
    ue.detach()


@pytest.mark.parametrize("ipv6", [False, True])
def test_full_packets_come_in_fragments_of_the_enb_s_kernel(lab, ipv6):
    enb = lab.enb(6, ipv6=ipv6)
    enb.set_mtu(1500)
    ue = lab.ue(enb=enb).attach(mtu=1500)
    with ue.stream(lab.server, rate=300, size=1500 - 28) as up:
        lab.migrate()
        lab.reactor.wait(lambda: up.sent > 100, "the stream ended")
    assert lab.gateway.counters()["datagrams_reassembled"] > 0
    with ue.transfer(lab.server, 2_000_000):
        lab.migrate()
    ue.detach()
