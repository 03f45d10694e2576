"""The named pipelines: from an annotated program to each end of the tape's way.

A pipeline is a frozen dataclass of options whose `passes` are text, one pass each, as
it would stand in a pipeline on the command line. `request-gradient` is put in front
where `function` names what to differentiate; without it the program says so itself
in an `ad.gradient`.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from xdsl.utils.arg_spec import ArgSpecConvertible

from tapeflow.analysis.differentiation.policy import POLICIES, PolicyName
from tapeflow.analysis.placement.places import AUTO, check_places
from tapeflow.analysis.tape.codecs import NO_CODEC, Codec
from tapeflow.analysis.tape.region_options import parse_region_options
from tapeflow.dialects.tape_types import BLOCK_RECORDS, Conditional, Layout
from tapeflow.near_names import require_one_of
from tapeflow.transforms.loop_options import LoopOptions


@dataclass(frozen=True)
class _GradientOptions(ArgSpecConvertible):
    """What is differentiated, and what it saves."""

    function: str | None = None
    """The function to differentiate, where no `ad.gradient` asks for it."""
    wrt: tuple[int, ...] = ()
    """Numbers of the arguments to differentiate `function` by."""
    policy: PolicyName = "min-cut"
    """What goes on the tape: min-cut, save-all or recompute."""
    operations_per_byte: int | float = 8
    """Additions that are worth as much as a byte of tape written and read."""
    assumed_trips: int = 64
    """Iterations assumed of a loop whose trip count is not a constant."""
    strong_zero: bool = False
    """Whether an adjoint of 0 is passed on as 0, also where a derivative is NaN."""
    stagger: bool = False
    """Whether buffers begin where they do not alias in a cache."""
    compress: str = "none"
    """Codecs of saved floats, as `codec` of `compress-tape`; gradients are rounded."""


@dataclass(frozen=True)
class NamedPipeline(LoopOptions, _GradientOptions):
    """Options and passes of one pipeline."""

    name: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.function is None and self.wrt:
            raise ValueError("'wrt' is given without the 'function' it is for")
        require_one_of("policy", self.policy, POLICIES)
        parse_region_options(self.compress, "codec", Codec.parse)

    @abstractmethod
    def tape_passes(self) -> tuple[str, ...]:
        """The passes below the abstract tape."""

    def check_passes(self) -> tuple[str, ...]:
        """What proves how rings are used."""
        return ()

    def passes(self) -> tuple[str, ...]:
        """All passes in order, each as pipeline text."""
        return (
            *self._gradient_passes(),
            *self.tape_passes(),
            *self.loop_passes(),
            *(("stagger-buffers",) if self.stagger else ()),
            # Last, so that what it proves is what runs.
            *self.check_passes(),
        )

    def _form_regions(self, options: str, merge: bool) -> tuple[str, ...]:
        merging = ("merge-regions",) if merge else ()
        codec = self.compress.strip()
        # Behind what compares records, before what knows how long they are.
        is_exact = codec in ("", NO_CODEC)
        compression = () if is_exact else (f'compress-tape{{codec="{codec}"}}',)
        return (f"form-regions{{{options}}}", *merging, *compression)

    def _differentiate(self) -> str:
        options = {
            "policy": self.policy,
            "operations-per-byte": self.operations_per_byte,
            "assumed-trips": self.assumed_trips,
            **({"strong-zero": "true"} if self.strong_zero else {}),
        }
        text = " ".join(f"{name}={value}" for name, value in options.items())
        return f"differentiate{{{text}}}"

    def _form_layers(self, options: str, machine: str) -> str:
        words = f' machine="{machine}"' if machine else ""
        return f"form-layers{{{options} assumed-trips={self.assumed_trips}{words}}}"

    def _gradient_passes(self) -> tuple[str, ...]:
        request: tuple[str, ...] = ()
        if self.function is not None:
            wrt = ",".join(map(str, self.wrt))
            options = f'function="{self.function}"' + (f" wrt={wrt}" if wrt else "")
            request = (f"request-gradient{{{options}}}",)
        return (
            *request,
            # Affine, linalg and parallel loops become what can be differentiated.
            "lower-source",
            *self.source_passes(),
            self._differentiate(),
            # Before the first tape level: afterwards what is pushed is fixed.
            "simplify-adjoints",
            *self.gradient_passes(),
            "canonicalize",
            # Equal addresses of the forward and the reverse sweep become one value;
            # after canonicalize, which is what makes them equal.
            "cse",
            # Last: what is pushed twice is one value now. It leaves nothing unused.
            "shrink-tape",
        )


@dataclass(frozen=True)
class CachedTapePipeline(NamedPipeline):
    """The tape behind the cache."""

    layout: Layout = "soa"
    """How records lie in memory."""
    block: int = BLOCK_RECORDS
    """Records in a block of layout `aosoa`."""
    layouts: str = ""
    """Layouts of single functions or regions, as of `form-regions`."""
    conditional: Conditional = "growing"
    """Whether regions of saves in branches inside loops grow, as of `form-regions`."""
    merge: bool = False
    """Whether equal records of different blocks share a region, by `merge-regions`."""

    def tape_passes(self) -> tuple[str, ...]:
        options = [f"layout={self.layout}", f"conditional={self.conditional}"]
        if self.layout == "aosoa":
            options.append(f"block={self.block}")
        if self.layouts:
            options.append(f'layouts="{self.layouts}"')
        regions = self._form_regions(" ".join(options), self.merge)
        return (*regions, "lower-tape-to-memref")


@dataclass(frozen=True)
class BaselinePipeline(CachedTapePipeline):
    """The tape as plain arrays behind the cache, one array a saved value."""

    name = "baseline"


@dataclass(frozen=True)
class FreeTapePipeline(CachedTapePipeline):
    """The baseline with accesses to the tape that cost nothing: the ceiling of all."""

    name = "free-tape"
    conditional: Conditional = "bounded"
    """Whether regions of saves in branches inside loops grow, as of `form-regions`."""

    def tape_passes(self) -> tuple[str, ...]:
        return (*super().tape_passes(), "waive-tape")


@dataclass(frozen=True)
class RegionsPipeline(CachedTapePipeline):
    """The tape as one array of records a region, behind the cache."""

    name = "regions"
    layout: Layout = "aos"
    """How records lie in memory."""
    merge: bool = True
    """Whether equal records of different blocks share a region, by `merge-regions`."""


@dataclass(frozen=True)
class LayersPipeline(NamedPipeline):
    """The tape in tiles in the scratchpad; whole tiles move while compute waits."""

    name = "layers"
    capacity_bytes: int = 1024
    """Bytes of the scratchpad that the tiles of all regions share."""
    machine: str = ""
    """Latencies of the machine in words, as of `form-layers`."""
    merge: bool = True
    """Whether equal records of different blocks share a region, by `merge-regions`."""
    dynamic_only: bool = False
    """Let streams that are not provably right pass to the checks at run time."""

    def tape_passes(self) -> tuple[str, ...]:
        capacity = f"capacity-bytes={self.capacity_bytes}"
        # First, because what stays behind the cache leaves room to the others.
        keep = () if self.dynamic_only else (self._keep_provable(capacity),)
        return (
            # Records must lie together: a tile is a run of records.
            *self._form_regions("layout=aos", self.merge),
            *keep,
            f"split-records{{{capacity} slots=1}}",
            self._form_layers(f"{capacity} slots=1", self.machine),
            f"assign-scratchpad{{{capacity} slots=1}}",
            "lower-spm-to-blocking",
            # What is left is behind the cache.
            "lower-tape-to-memref",
        )

    def check_passes(self) -> tuple[str, ...]:
        return (_check_streams(self.dynamic_only),)

    def _keep_provable(self, capacity: str) -> str:
        words = f' machine="{self.machine}"' if self.machine else ""
        return f"keep-provable{{{capacity} assumed-trips={self.assumed_trips}{words}}}"


@dataclass(frozen=True)
class StreamsPipeline(NamedPipeline):
    """Each region of the tape where it is best: streamed through the scratchpad while
    compute goes on, kept there, or behind the cache."""

    name = "streams"
    places: str = AUTO
    """`auto`, or a place for all regions or for each, as of `place-tape`."""
    slots: int = 2
    """Tiles of one region that are on chip at a time."""
    scratchpad_bytes: int | None = None
    """Bytes of the SRAM that are the scratchpad's; else the compiler splits it."""
    scratchpad_ports: int | None = None
    """Memory ports that are the scratchpad's; else the compiler splits them."""
    machine: str = ""
    """The machine in words, as of `place-tape`."""
    sizes: str = ""
    """Sizes of the program, as of `place-tape`."""
    rank: int = 0
    """0 for the placement that is estimated to be best, 1 for the next."""
    turn_around_reuse: bool = True
    """Whether tiles on chip are used where the sweep turns, not fetched again."""
    merge: bool = True
    """Whether equal records of different blocks share a region, by `merge-regions`."""
    dynamic_only: bool = False
    """Let streams that are not provably right pass to the checks at run time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_places(self.places)

    def tape_passes(self) -> tuple[str, ...]:
        return (
            # Records must lie together: a tile is a run of records.
            *self._form_regions("layout=aos", self.merge),
            self._place_tape(),
            # Slots count here already: the more of them, the shorter each tile.
            f"split-records{{slots={self.slots}}}",
            self._form_layers(f"slots={self.slots}", self.machine),
            f"assign-scratchpad{{slots={self.slots}}}",
            "form-streams"
            if self.turn_around_reuse
            else "form-streams{turn-around-reuse=false}",
            # What is left is behind the cache.
            "lower-tape-to-memref",
        )

    def check_passes(self) -> tuple[str, ...]:
        return (_check_streams(self.dynamic_only),)

    def _place_tape(self) -> str:
        options = {
            "places": f'"{self.places}"',
            "slots": self.slots,
            "assumed-trips": self.assumed_trips,
            "machine": f'"{self.machine}"' if self.machine else None,
            "sizes": f'"{self.sizes}"' if self.sizes else None,
            "scratchpad-bytes": self.scratchpad_bytes,
            "scratchpad-ports": self.scratchpad_ports,
            "rank": self.rank or None,
            "dynamic-only": "true" if self.dynamic_only else None,
        }
        given = (
            f"{key}={value}" for key, value in options.items() if value is not None
        )
        return f"place-tape{{{' '.join(given)}}}"


def _check_streams(dynamic_only: bool) -> str:
    return "check-streams" + ("{dynamic-only=true}" if dynamic_only else "")


PIPELINES: dict[str, type[NamedPipeline]] = {
    pipeline.name: pipeline
    for pipeline in (
        BaselinePipeline,
        FreeTapePipeline,
        RegionsPipeline,
        LayersPipeline,
        StreamsPipeline,
    )
}
"""Pipeline name to its class: what to compare with, then the ways to a stream."""
