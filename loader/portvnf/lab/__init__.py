"""The lab: the ETSI demonstration in network namespaces of its own (x86-64 only).

addresses  who lives where          sandbox  private namespaces for the whole lab
network    blades, peers and wires  role     a peer in a process of its own
packet     IP, UDP, GTP-U bytes     gtpv2c   GTPv2-C messages, by pycrate
mme, enb, server                    the simulated peers
traffic, account                    light traffic and its exact accounting
video      the H.264 stream         blade    an agent in its namespace
demo, report, picture               the scenario and what it found
"""
