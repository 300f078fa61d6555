"""From a parsed artifact to a position-independent object file."""

from __future__ import annotations

from typing import Any

from portvnf import llvm
from portvnf.errors import CompileError
from portvnf.jit.target import Target

# LLVM's own thresholds at -O2 and -O3.
_INLINING_THRESHOLD = {0: 0, 1: 75, 2: 225, 3: 275}


def emit_object(module: Any, target: Target, opt_level: int) -> bytes:
    """Optimises `module` for `target`, in place, and generates its code."""
    machine = target.machine(opt_level)
    module.triple = target.triple
    module.data_layout = str(machine.target_data)
    if llvm.has_legacy_passes(llvm.binding()):
        _optimise_legacy(module, machine, opt_level)
    else:
        _optimise(module, machine, opt_level)
    try:
        return bytes(machine.emit_object(module))
    except RuntimeError as error:
        raise CompileError(f"LLVM cannot generate {target.isa} code: {error}") from None


def _optimise(module: Any, machine: Any, opt_level: int) -> None:
    binding = llvm.binding()
    options = binding.create_pipeline_tuning_options(speed_level=opt_level)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)


def _optimise_legacy(module: Any, machine: Any, opt_level: int) -> None:
    binding = llvm.binding()
    builder = binding.create_pass_manager_builder()
    builder.opt_level = opt_level
    builder.inlining_threshold = _INLINING_THRESHOLD[opt_level]
    builder.loop_vectorize = builder.slp_vectorize = opt_level > 1
    each_function = binding.create_function_pass_manager(module)
    machine.add_analysis_passes(each_function)
    builder.populate(each_function)
    each_function.initialize()
    for function in module.functions:
        each_function.run(function)
    each_function.finalize()
    whole_module = binding.create_module_pass_manager()
    machine.add_analysis_passes(whole_module)
    builder.populate(whole_module)
    whole_module.run(module)
