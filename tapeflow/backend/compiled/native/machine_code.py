"""LLVM text to machine code in memory, through object code that can be kept.

No fast-math flag is set and nothing is vectorised: the results are those of the
source, in its order.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from tapeflow.backend.compiled.native.builtins import LIBM_SYMBOL
from tapeflow.backend.compiled.native.llvm_module import ENTRY
from tapeflow.backend.semantics.libm import LIBM_FUNCTIONS, libm

_ENTRY_TYPE = ctypes.CFUNCTYPE(
    ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


@dataclass(frozen=True)
class MachineCode:
    """The entry function, and the LLVM engine that owns its memory."""

    entry: Callable[[int, int, int], int]
    """(run, arguments, results) as addresses of rows of 64-bit words -> status."""
    engine: Any


def host_description() -> str:
    """What object code depends on besides its source."""
    version = ".".join(map(str, llvm.llvm_version_info))
    features = llvm.get_host_cpu_features().flatten()
    name = llvm.get_host_cpu_name()
    return f"llvmlite {llvmlite.__version__} LLVM {version} {name} {features}"


@cache
def _prepare() -> None:
    """Make this host's code generator and the C library's functions known to LLVM."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name, (c_name, _) in LIBM_FUNCTIONS.items():
        address = ctypes.cast(libm()[c_name], ctypes.c_void_p).value
        llvm.add_symbol(LIBM_SYMBOL.format(name), address)


LONG_TEXT = 1_000_000
"""Longer LLVM text is translated without optimising registers and order.

LLVM's time for that grows faster than the length of a function: a function of 8,000
operations takes 4 seconds with it and 0.03 without.
"""


def _target_machine(effort: int = 2) -> Any:
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=effort,
        jit=True,
    )


def object_code(text: str, thorough: bool = True) -> bytes:
    """Optimise an LLVM module and translate it for this host.

    Args:
        thorough: every optimisation that keeps each result's bits; otherwise only the
            cheap ones, at a third of the compile time.
    """
    _prepare()
    target = _target_machine(2 if thorough or len(text) < LONG_TEXT else 0)
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_default_triple()
    module.data_layout = str(target.target_data)
    module.verify()
    _optimise(module, target, thorough)
    return target.emit_object(module)


def _optimise(module: Any, target: Any, thorough: bool) -> None:
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    tuning.loop_vectorization = False
    tuning.slp_vectorization = False
    tuning.loop_unrolling = False
    builder = llvm.create_pass_builder(target, tuning)
    if thorough:
        builder.getModulePassManager().run(module, builder)
        return
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)


def load_object_code(code: bytes) -> MachineCode:
    """Put object code into memory, ready to be called."""
    _prepare()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return MachineCode(_ENTRY_TYPE(engine.get_function_address(ENTRY)), engine)
