"""The programs that are generated from one function, each once for all runs."""

from functools import cached_property

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tapeflow.backend.compiled.emit.generated_program import GeneratedProgram
from tapeflow.backend.compiled.emit.source import generate
from tapeflow.backend.runtime.launch import reachable_rings, shared_scratchpad
from tapeflow.dialects.spm import AllocateOp


class FunctionPrograms:
    """A function with a body; its module must not change any more."""

    def __init__(self, module: ModuleOp, function: FuncOp):
        self.function = function
        self._module = module
        self._programs: dict[bool, GeneratedProgram] = {}

    @cached_property
    def rings(self) -> tuple[AllocateOp, ...]:
        """The rings of the function and all it calls, in order of number."""
        return reachable_rings(self._module, self.function)

    def program(self, timed: bool) -> GeneratedProgram:
        """The function as Python, with events for a machine if `timed`.

        Raises:
            ExecutionError: an op that no engine runs, or that has no machine cost.
        """
        if timed not in self._programs:
            shared = shared_scratchpad(self._module, self.function)
            self._programs[timed] = generate(self.function, self.rings, shared, timed)
        return self._programs[timed]
