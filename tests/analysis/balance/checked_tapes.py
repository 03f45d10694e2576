"""A tape of whole numbers, %t, and loops and branches that push to it and pop."""

from xdsl.dialects import scf

from tapeflow.analysis.balance.balance import check_balance
from tapeflow.analysis.balance.facts import Chunks, Pop, Push, TapeFacts, Verdict
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp, RetreatOp
from tests.analysis.conftest import Parse

REGION = "!tape.region<[index], aos, tile 4>"
PUSH = f"tape.push %t, %n : {REGION}\n"
FETCH = f"%ready = tape.retreat %t : {REGION}\n"
N, M = ("%c0", "%n", "%c1"), ("%c0", "%m", "%c1")


def pop(result: str = "%v") -> str:
    return f"{result} = tape.pop %t : {REGION}\n"


def loop(body: str, bounds: tuple[str, str, str] = N, index: str = "%i") -> str:
    lower, upper, step = bounds
    return f"scf.for {index} = {lower} to {upper} step {step} {{\n{body}}}\n"


def branch(true: str, false: str = "", condition: str = "%p") -> str:
    return f"scf.if {condition} {{\n{true}}} else {{\n{false}}}\n"


def while_loop(body: str, test: str = "") -> str:
    """A loop whose result %count says how often it ran its body."""
    return f"""%count = scf.while (%k = %c0) : (index) -> index {{
      {test}
      %go = memref.load %stop[%k] : memref<?xi1>
      scf.condition(%go) %k : index
    }} do {{
    ^bb0(%j: index):
      {body}
      %next = arith.addi %j, %c1 : index
      scf.yield %next : index
    }}\n"""


CHUNKED = """scf.while (%at = %c0) : (index) -> () {{
      %more = arith.cmpi slt, %at, %n : index
      scf.condition(%more)
    }} do {{
      %end = arith.minsi %m, %n : index
      {before}
      scf.for %i = %c0 to %end step %c1 {{ {inside} }} {{label = "chunk"}}
      scf.yield %end : index
    }} attributes {{label = "chunks"}}\n"""
"""A loop over %n in chunks of %m, with room for a line in front of each."""


def checked(parse: Parse, body: str, capacity: str = "") -> Verdict:
    """The verdict on the tape %t, whose capacity matters if one is given."""
    numbers = "%n0 = arith.maxsi %n, %c0 : index\n%k3 = arith.constant 3 : index"
    allocation = f"{numbers}\n%t = tape.allocate {capacity or '%c0'} : {REGION}"
    arguments = "%m: index, %n: index, %p: i1, %q: i1, %stop: memref<?xi1>"
    program = parse(f"{allocation}\n{body}", arguments=arguments)
    tape, facts = program["t"], TapeFacts()
    for op in program.function.walk():
        match op:
            case AllocateOp():
                facts.begin(op, tape, op.capacity if capacity else None)
                continue
            case PushOp():
                facts.pushes[op] = Push(tape, dict(enumerate(op.values)))
            case PopOp():
                facts.pops[op] = Pop(tape, [*enumerate(op.values)])
            case RetreatOp():
                facts.fetches[op] = tape
            case _:
                continue
        facts.users[op] = tape
    if "chunk" in body:
        inner, outer = program.op("chunk"), program.op("chunks")
        assert isinstance(inner, scf.ForOp) and isinstance(outer, scf.WhileOp)
        facts.chunks[outer] = Chunks(inner, program["c0"], program["n"])
    numbers = WholeNumbers(program.function, facts.chunks)
    check_balance(program.function, facts, numbers)
    return facts.failures.get(tape, Verdict(tape, "proved"))
