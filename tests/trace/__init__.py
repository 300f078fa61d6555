"""Traces: both formats, the replayers, and the sample that every engine and ISA replays."""
