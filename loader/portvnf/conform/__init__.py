"""Proof of identical behaviour: the same traces on every engine, ISA and optimisation level.

scene, population, requests, traffic, mutation and generator make the traces; cells and engines
say what replays them; matrix compares, shrink and difference explain, page shows.
"""
