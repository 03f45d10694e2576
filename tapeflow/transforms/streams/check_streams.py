"""Pass `check-streams`: proves that every ring is used as its transfers demand."""

import sys
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.analysis.balance.facts import Verdict
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.ir.source_lines import line_of
from tapeflow.analysis.streams.check import check_streams
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import is_structured


@dataclass(frozen=True)
class CheckStreamsPass(ModulePass):
    """Prove that streams never read what has not arrived, nor overwrite what leaves.

        %full = arith.cmpi eq, %address, %limit : index
        %next, %end = scf.if %full -> (index, index) {
          %start = arith.subi %limit, %c64 : index
          stream.enqueue %ring, %start : !spm.ring<[f64], tile 8, slots 2, base 0>
          %other = arith.subi %c64, %start : index
          // without the acquire: "record 16, the first of tile 2, is stored to slot 0
          // while tile 0 may still be leaving it"
          %limit_1 = arith.addi %other, %c64 : index
          scf.yield %other, %limit_1 : index, index
        } else { ... }
        spm.store %x, %ring[%next] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>

    For each ring: it is proved that no tile overflows or underflows, slots are waited
    for, pops mirror pushes, and the stack in DRAM is large enough; or that is refuted
    or not provable, which is an error. The pass reads the text alone and changes
    nothing, so it can be put behind any pass that works on rings.
    """

    name = "check-streams"
    dynamic_only: bool = False
    """Leave what is not provable to the checks at run time."""
    explain: bool = False
    """Print the verdict on every ring to the standard error stream."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.SCRATCHPAD, Level.CACHED, Level.MEMORY)
        functions = [f for f in op.walk() if is_structured(f)]
        for function in functions:
            if function.is_declaration:
                continue
            for verdict in check_streams(function):
                if self.explain:
                    print(_line(function, verdict), file=sys.stderr)
                self._judge(verdict)

    def _judge(self, verdict: Verdict) -> None:
        if verdict.answer == "proved" or verdict.where is None:
            return
        if verdict.answer == "not provable" and self.dynamic_only:
            return
        if verdict.answer == "refuted":
            remedy = "correct the code that moves its cursor or its tiles"
            message = f"this ring is used wrongly: {verdict.reason}"
        else:
            remedy = (
                "write it as form-streams does, or leave it to the checks at run time "
                "with check-streams{dynamic-only=true}"
            )
            message = f"the use of this ring is not provably right: {verdict.reason}"
        message = f"{message}; {verdict.remedy or remedy}"
        refuse(verdict.where, message)


def _line(function: FuncOp, verdict: Verdict) -> str:
    name = verdict.tape.name_hint
    ring = f"ring %{name}" if name else "ring"
    text = f"@{function.sym_name.data}: {ring} {verdict.tape.type}: {verdict.answer}"
    if verdict.where is None:
        return text
    line = line_of(verdict.where.location)
    place = verdict.where.name + ("" if line is None else f" at line {line}")
    return f"{text}: {place}: {verdict.reason}"
