"""Scenarios: what happens to real UEs, in a few lines of Python (docs/lab.md).

lab        the context manager       gateway    blades and migrations
mme, enb, ue, host                   the peers, each as its users speak of it
session, tft, handover               what peers know and do, after 3GPP
gtpc_peer, message, ie               GTPv2-C, read by pycrate
flow       numbered and hashed traffic on kernel sockets
reactor, namespaces, places          one thread, one process, many namespaces
capture    every wire, judged by tshark
"""

from portvnf.lab.scenario.lab import Lab

__all__ = ["Lab"]
