"""The constructs that files of their own draw, each with how often it comes."""

from collections.abc import Callable

from .affine_text import AffineText
from .behind_reads import BehindReads
from .branching import Branching
from .carried_integers import CarriedIntegers
from .empty_buffers import EmptyBuffers
from .global_buffers import GlobalBuffers
from .linalg_convolution import LinalgConvolution
from .linalg_text import LinalgText
from .memory import Memory
from .nests import Nests
from .overlaps import Overlaps
from .subscripts import Subscripts
from .sweeps import Sweeps
from .through_memory import ThroughMemory
from .truth_values import TruthValues
from .views import Views
from .writer import Float, Scope, Statement

FEATURES = {
    "views": 1.6,
    "subscripts": 1.5,
    "sweeps": 0.8,
    "samples": 0.8,
    "affine": 1.0,
    "linalg": 1.6,
    "convolution": 0.15,
    "branching": 1.0,
    "global": 0.5,
    "empty": 0.15,
    "overlaps": 0.8,
    "carried integers": 0.6,
    "behind reads": 0.8,
    "truth values": 0.4,
    "through memory": 1.0,
}
"""Weights beside those of the plain statements.

`overlaps` names elements twice: overlapping copies, strides of 0, other shapes.
"""


def features(
    memory: Memory,
    statements: Callable[[Scope, int], None],
    sums: list[Float],
) -> dict[str, Statement]:
    """What writes each of the features; `sums` are for the function to return."""
    nests = Nests(memory, statements, sums)
    views = Views(nests)
    sweeps = Sweeps(nests, views)
    return {
        "views": views.write,
        "subscripts": Subscripts(nests).write,
        "sweeps": sweeps.steps,
        "samples": sweeps.samples,
        "affine": AffineText(nests).write,
        "linalg": LinalgText(nests).write,
        "convolution": LinalgConvolution(nests).write,
        "branching": Branching(nests).write,
        "global": GlobalBuffers(nests).write,
        "empty": EmptyBuffers(nests).write,
        "overlaps": Overlaps(nests, views).write,
        "carried integers": CarriedIntegers(nests).write,
        "behind reads": BehindReads(nests).write,
        "truth values": TruthValues(nests).write,
        "through memory": ThroughMemory(nests).write,
    }
