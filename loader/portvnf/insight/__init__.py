"""What is going on in a running gateway, for people: sessions, one subscriber, peers, counters.

The agent only hands out records, in steps between bursts; reading, joining and choosing is
done here, in the operator's own process, so that a look at a million sessions costs the blade
no more than their export.
"""
