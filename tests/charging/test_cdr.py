"""The wording of records, against the ASN.1 of TS 32.298 as pycrate has compiled it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from portvnf.charging.cdr import Cdr, Recorder, identity

from .holder import Holder, record

NOW = datetime(2026, 5, 4, 12, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))


def word(mode: str = "combined", **values: Any) -> Cdr:
    return Recorder(Holder(mode=mode).gateway(), NOW).word(record(8, **values))


def test_a_record_of_a_pgw() -> None:
    assert word() == {
        "recordType": 85,
        "servedIMSI": "001010000000001",
        "p-GWAddress": "10.11.0.1",
        "chargingID": 70,
        "servingNodeAddress": ["10.11.0.10"],
        "servingNodeType": [5],
        "accessPointNameNI": "internet",
        "pdpPDNType": "IPv4v6",
        "servedPDPPDNAddress": "2001:db8:45:1::/64",
        "servedPDPPDNAddressExt": "10.45.0.1",
        "listOfTrafficVolumes": [
            {
                "dataVolumeGPRSUplink": 1008,
                "dataVolumeGPRSDownlink": 2000,
                "ePCQoSInformation": {"qCI": 1, "aRP": 0x61, "guaranteedBitrateUL": 64_000},
            }
        ],
        "recordOpeningTime": "2026-05-04T09:58:30.250Z",  # 90 s before NOW
        "duration": 65,
        "causeForRecClosing": 0,
        "recordSequenceNumber": 1,
        "nodeID": "vepc-3",
        "localSequenceNumber": 8,
        "servedMSISDN": "447000000001",
        "servedIMEI": "3500000000000011",
        "servingNodePLMNIdentifier": "001-01",
        "rATType": 6,
        "userLocationInformation": "1800f110000100f11000000101",
        "recordExtensions": {
            "ePSBearerIdentity": 5,
            "packetsUplink": 3,
            "packetsDownlink": 4,
        },
    }


def test_addresses_and_gateways_of_each_kind() -> None:
    assert word(pdn_type=1)["servedPDPPDNAddress"] == "10.45.0.1"
    assert "servedPDPPDNAddressExt" not in word(pdn_type=1)
    six = word(pdn_type=2)
    assert six["servedPDPPDNAddress"] == "2001:db8:45:1::/64"
    assert "servedPDPPDNAddressExt" not in six
    assert word("pgw")["recordType"] == 85
    sgw = word("sgw", pgw="10.14.0.50")
    assert sgw["recordType"] == 84 and "p-GWAddress" not in sgw
    assert (sgw["s-GWAddress"], sgw["p-GWAddressUsed"]) == ("10.11.0.1", "10.14.0.50")
    assert "sGWChange" not in sgw and word("sgw", sgw_change="yes")["sGWChange"] is True
    kinds = [word(mode)["servingNodeType"] for mode in ("combined", "sgw", "pgw")]
    assert kinds == [[5], [5], [2]], "an MME but at a P-GW alone, which is served by S-GWs"
    moved = word("sgw", charging_id=0, ipv4="0.0.0.0", prefix="::/64")
    for absent in ("chargingID", "p-GWAddressUsed", "servedPDPPDNAddress"):
        assert absent not in moved, "its P-GW has not said so yet"
    unknown = word(msisdn="", mei="", uli="", serving_network="000000", peer="::")
    for absent in ("servedMSISDN", "servedIMEI", "userLocationInformation",
                   "servingNodePLMNIdentifier", "servingNodeAddress",
                   "servingNodeType"):  # fmt: skip
        assert absent not in unknown


def test_usage_of_a_bearer_that_is_forgotten() -> None:
    """All that is known is the Charging ID and the volume."""
    late = word(pdn_type=0, imsi="ff" * 8, apn="", ipv4="0.0.0.0", prefix="::/64", peer="::",
                cause=20, msisdn="", mei="", uli="", serving_network="000000")  # fmt: skip
    assert late["chargingID"] == 70 and late["causeForRecClosing"] == 20
    assert not {"servedIMSI", "pdpPDNType", "servedPDPPDNAddress", "accessPointNameNI"} & set(late)


def test_the_identity_leaves_out_the_wall_clock_alone() -> None:
    later = Recorder(Holder().gateway(), datetime.now(UTC)).word(record(8))
    assert identity(later) == identity(word()) and later != word()
    assert identity(word(uplink_bytes=1)) != identity(word())
    assert identity(word(sequence=2)) != identity(word())


@pytest.mark.parametrize(
    ("mode", "kind"), [("combined", "PGWRecord"), ("pgw", "PGWRecord"), ("sgw", "SGWRecord")]
)
def test_the_fields_are_those_of_the_specification(mode: str, kind: str) -> None:
    """Names, nesting and number types are those of the ASN.1."""
    from pycrate_asn1dir import CDR

    modules = CDR.GLOBAL.MOD
    types = modules["GPRSChargingDataTypes"]
    fields = types[kind]._cont
    cdr = word(mode, pgw="10.14.0.50", sgw_change="yes")
    assert set(cdr) <= set(fields)
    for name in ("recordType", "chargingID", "duration", "causeForRecClosing", "rATType",
                 "recordSequenceNumber", "localSequenceNumber"):  # fmt: skip
        assert fields[name].TYPE == "INTEGER" and isinstance(cdr[name], int), name
    assert fields["servingNodeAddress"].TYPE == "SEQUENCE OF"
    kinds = modules["GenericChargingDataTypes"]["RecordType"]._cont
    assert cdr["recordType"] == kinds[kind[0].lower() + kind[1:]]
    assert set(cdr["servingNodeType"]) <= set(types["ServingNodeType"]._cont.values())
    (volumes,) = cdr["listOfTrafficVolumes"]
    change = types["ChangeOfCharCondition"]._cont
    assert set(volumes) <= set(change)
    assert set(volumes["ePCQoSInformation"]) <= set(types["EPCQoSInformation"]._cont)
