"""Modules of any number of operations, in the shapes that could make a pass slow.

Each shape is a function from the number of operations wanted to MLIR text; what it
gives has about as many, and asks for the gradient of each function it defines.
"""

from collections.abc import Callable, Iterator

BUFFER = "memref<?xf64>"
DEPTH = 60
"""Loops around the innermost body of a deep nest."""


def _function(name: str, body: Iterator[str], buffers: int = 2) -> str:
    """A function of buffers `%a0`, `%a1`, ... of %n elements, and its gradient."""
    arguments = ", ".join(f"%a{k}: {BUFFER}" for k in range(buffers))
    lines = "\n".join(f"  {line}" for line in body)
    wrt = ", ".join(map(str, range(buffers)))
    return f"""func.func @{name}({arguments}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %n = memref.dim %a0, %c0 : {BUFFER}
{lines}
  func.return
}}
ad.gradient @{name}_grad of @{name} wrt [{wrt}]
"""


def _loop(name: str, body: Iterator[str]) -> Iterator[str]:
    yield f"scf.for %{name} = %c0 to %n step %c1 {{"
    yield from (f"  {line}" for line in body)
    yield "}"


def _update(tag: str, source: str, target: str, index: str) -> Iterator[str]:
    """Six operations: target[index] = sin(source[index]) * target[index] + ..."""
    yield f"%x{tag} = memref.load {source}[{index}] : {BUFFER}"
    yield f"%y{tag} = memref.load {target}[{index}] : {BUFFER}"
    yield f"%s{tag} = math.sin %x{tag} : f64"
    yield f"%p{tag} = arith.mulf %s{tag}, %y{tag} : f64"
    yield f"%z{tag} = arith.addf %p{tag}, %x{tag} : f64"
    yield f"memref.store %z{tag}, {target}[{index}] : {BUFFER}"


def many_functions(operations: int) -> str:
    """Small functions, each a loop that updates a buffer in place."""
    return "".join(
        _function(f"f{k}", _loop("i", _update("", "%a0", "%a1", "%i")))
        for k in range(max(1, operations // 15))
    )


def straight_line(operations: int) -> str:
    """One function without loops whose body is one chain of products and sines."""
    return _function("f", _chain(operations))


def long_loop_body(operations: int) -> str:
    """The same chain inside a loop, so that much of it goes on the tape."""
    return _function("f", _loop("i", _chain(operations, "%i")))


def _chain(operations: int, index: str = "%c0") -> Iterator[str]:
    yield f"%v0 = memref.load %a0[{index}] : {BUFFER}"
    yield f"%w0 = memref.load %a1[{index}] : {BUFFER}"
    for k in range(operations // 2):
        yield f"%w{k + 1} = math.sin %w{k} : f64"
        yield f"%v{k + 1} = arith.mulf %v{k}, %w{k + 1} : f64"
    yield f"memref.store %v{operations // 2}, %a1[{index}] : {BUFFER}"


def sibling_loops(operations: int) -> str:
    """One function with loop after loop over the same two buffers."""

    def body() -> Iterator[str]:
        for k in range(max(1, operations // 8)):
            source, target = ("%a0", "%a1") if k % 2 else ("%a1", "%a0")
            yield from _loop(f"i{k}", _update(str(k), source, target, f"%i{k}"))

    return _function("f", body())


def deep_nests(operations: int) -> str:
    """One function with nests of many loops around a small body."""

    def nest(tag: int, depth: int) -> Iterator[str]:
        if depth == 0:
            return _update(str(tag), "%a0", "%a1", f"%i{tag}_1")
        return _loop(f"i{tag}_{depth}", nest(tag, depth - 1))

    def body() -> Iterator[str]:
        for tag in range(max(1, operations // (2 * DEPTH + 6))):
            yield from nest(tag, DEPTH)

    return _function("f", body())


def many_accesses(operations: int) -> str:
    """One function with a loop that loads from and stores to many buffers."""
    buffers = max(2, min(100, operations // 100))

    def body() -> Iterator[str]:
        for k in range(operations // 6):
            source, target = f"%a{k % buffers}", f"%a{(7 * k + 3) % buffers}"
            yield from _update(str(k), source, target, "%i")

    return _function("f", _loop("i", body()), buffers)


def index_chain(operations: int) -> str:
    """One function with a loop whose addresses come from long integer arithmetic."""

    def body() -> Iterator[str]:
        yield "%k0 = arith.addi %i, %c7 : index"
        for k in range(operations // 2):
            yield f"%m{k} = arith.muli %k{k}, %i : index"
            yield f"%k{k + 1} = arith.remui %m{k}, %n : index"
        yield from _update("", "%a0", "%a1", f"%k{operations // 2}")

    return _function("f", _loop("i", body()))


SHAPES: dict[str, Callable[[int], str]] = {
    shape.__name__.replace("_", "-"): shape
    for shape in (
        many_functions,
        straight_line,
        long_loop_body,
        sibling_loops,
        deep_nests,
        many_accesses,
        index_chain,
    )
}
"""By the name that a command takes."""
