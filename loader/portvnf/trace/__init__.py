"""Traces: a recorded or generated run of a VNF as a file, and the result of replaying it.

The formats are declared in portvnf/trace.h and described in docs/trace-format.md.
"""

from portvnf.trace.operations import (
    Burst,
    Counters,
    Epoch,
    Export,
    Import,
    Move,
    Operation,
    Stage,
    Switch,
    Tick,
    Trace,
)
from portvnf.trace.outcomes import (
    BurstOutcome,
    CountersOutcome,
    EpochOutcome,
    ExportedSection,
    ExportOutcome,
    ImportOutcome,
    Outcome,
    Result,
)
from portvnf.trace.replay import replay
from portvnf.trace.result_file import decode_result, encode_result
from portvnf.trace.trace_file import decode_trace, encode_trace

__all__ = [
    "Burst",
    "BurstOutcome",
    "Counters",
    "CountersOutcome",
    "Epoch",
    "EpochOutcome",
    "Export",
    "ExportOutcome",
    "ExportedSection",
    "Import",
    "ImportOutcome",
    "Move",
    "Operation",
    "Outcome",
    "Result",
    "Stage",
    "Switch",
    "Tick",
    "Trace",
    "decode_result",
    "decode_trace",
    "encode_result",
    "encode_trace",
    "replay",
]
