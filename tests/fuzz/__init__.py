"""Fuzzing of the vEPC: everything that it reads from a peer or from an image.

fuzz_bursts.c and fuzz_records.c are libFuzzer targets over one populated gateway (gateway.h);
`run` builds and runs them, `replay.c` runs their corpora without a fuzzer. The corpora in
corpus/ began as what `seeds` makes of the vectors.
"""
