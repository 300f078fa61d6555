"""The addresses of a PDN connection."""

from __future__ import annotations

from typing import Any

from portvnf.state.fields import NO_IPV4, NO_PREFIX64


def addresses(session: Any) -> tuple[str, str]:
    """(IPv4 address, IPv6 prefix) of a record of section `session`; "" for one that it has not or
    that an S-GW alone was not told."""
    ipv4 = session.ipv4 if session.pdn_type != "ipv6" and session.ipv4 != NO_IPV4 else ""
    prefix = session.prefix if session.pdn_type != "ipv4" and session.prefix != NO_PREFIX64 else ""
    return ipv4, prefix
