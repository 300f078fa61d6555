"""What is charged is what was sent, to the octet, whichever blade counted it."""

from .conftest import makes_a_bearer

UP_PORT, DOWN_PORT = 5004, 5005  # the server's, of the rule in conftest.py


def charged(lab, imsi, ebi):
    """(octets up, octets down, packets up, packets down) in all records of a bearer."""
    mine = [
        record
        for record in lab.gateway.records()
        if (record["servedIMSI"], record["recordExtensions"]["ePSBearerIdentity"]) == (imsi, ebi)
    ]
    volumes = [record["listOfTrafficVolumes"][0] for record in mine]
    return (
        sum(volume["dataVolumeGPRSUplink"] for volume in volumes),
        sum(volume["dataVolumeGPRSDownlink"] for volume in volumes),
        sum(record["recordExtensions"]["packetsUplink"] for record in mine),
        sum(record["recordExtensions"]["packetsDownlink"] for record in mine),
    )


def test_octets_charged_are_octets_sent(lab):
    with makes_a_bearer(lab):
        ue = lab.ue().attach("ims")
        voice = ue.dedicated(qci=1).ebi
    default = ue.bearer().ebi
    with (
        ue.stream(lab.server, size=333) as up,
        lab.server.stream(ue, size=777) as down,
        ue.stream(lab.server, size=55, port=UP_PORT) as voice_up,
        lab.server.stream(ue, size=66, source_port=DOWN_PORT) as voice_down,
    ):
        for _ in range(3):
            seen = down.received
            lab.reactor.wait(lambda seen=seen: down.received > seen + 20, "the stream ended")
            lab.migrate()
    ue.detach()
    lab.reactor.wait(lambda: any(charged(lab, ue.imsi, default)), "no record was written")
    for ebi, sent, arrived in ((default, up, down), (voice, voice_up, voice_down)):
        expected = (sent.octets, arrived.octets, sent.sent, arrived.sent)
        lab.reactor.wait(
            lambda ebi=ebi, expected=expected: charged(lab, ue.imsi, ebi) == expected,
            f"of bearer {ebi}, {expected} was not charged",
        )
