"""The lab: the ETSI demonstration in network namespaces of its own (x86-64 only).

addresses  who lives where            sandbox   private namespaces for the whole lab
network    blades, peers and wires    require   what the machine must offer
packet     IP, UDP, GTP-U bytes       gtpv2c    GTPv2-C messages, by pycrate
role       a peer in its own process  mme, enb, server   the simulated peers
traffic    numbered light packets     account   what became of them, exactly
video      the H.264 stream           blade     an agent in its namespace
stage      all of these together      demo      the scenario
timeline, report, picture             what happened, and whether it should have
command    `portvnf lab demo`
"""
