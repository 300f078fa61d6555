"""Live migration: exactly one instance owns the sessions at every moment.

    negotiate   both sides say what they are; anything unlike is refused
    pre-copy    rounds of records while the source serves
    freeze      the source stops at a burst boundary and holds what arrives
    delta       what changed since the last round
    commit      the source gives up ownership; the point of no return
    activate    the destination answers for the addresses
    drain       held and late packets follow, in order; then usage counters

`source` and `destination` mirror each other message for message (`messages`).
"""
