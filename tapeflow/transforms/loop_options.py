"""How loops run in every named pipeline, its tape apart."""

from dataclasses import dataclass

from xdsl.utils.arg_spec import ArgSpecConvertible

from tapeflow.analysis.scheduling.jam_plans import Factor
from tapeflow.analysis.scheduling.machine_choice import ANY_DATAPATH, StageCount


@dataclass(frozen=True)
class LoopOptions(ArgSpecConvertible):
    """How loops run, in every pipeline alike.

    No bit of a result depends on it, but for `reorder`.
    """

    as_written: bool = False
    """Whether loops and copies stay as they are, whatever the next six options say."""
    copies: bool = True
    """Whether copies of one buffer to another are spared, by `eliminate-copies`."""
    unroll: bool = True
    """Whether short loops become their iterations, by `unroll-loops`."""
    jam: bool = True
    """Whether iterations of outer loops share inner loops, by `jam-loops`."""
    hoist: bool = True
    """Whether what loops repeat is done once, by `hoist-invariants`."""
    addresses: bool = True
    """Whether addresses are computed outside of loops, by `expose-addresses`."""
    loop_stages: StageCount = "auto"
    """Parts into which iterations of inner loops are cut, to overlap with those of
    their neighbours; 1 for none, else as of `pipeline-loops`."""
    jam_factor: Factor = "auto"
    """Iterations side by side, as of `jam-loops`."""
    datapath: str = ANY_DATAPATH
    """The datapath that loops are changed for, as of `jam-loops`."""
    reorder: bool = False
    """Whether the program's sums may be added up in another order, so that gradients
    and values are rounded differently, by `reorder-loops`."""

    def __post_init__(self) -> None:
        if self.as_written and self.reorder:
            raise ValueError(
                "'as-written' leaves loops as they are and 'reorder' does not: give one"
            )

    def source_passes(self) -> tuple[str, ...]:
        """What changes the program before it is differentiated."""
        copies = ("eliminate-copies",) if self.copies and not self.as_written else ()
        # Behind it, since what it makes of a copy is one access less.
        return (*copies, *(("reorder-loops",) if self.reorder else ()))

    def gradient_passes(self) -> tuple[str, ...]:
        """What changes the gradient before its tape finds a place."""
        # No adjoint is still to come whose order has to be kept.
        is_on = self.copies and not self.as_written
        return ("eliminate-copies{reorder=true}",) if is_on else ()

    def loop_passes(self) -> tuple[str, ...]:
        """What changes loops and what they compute, but not the order of sums."""
        if self.as_written:
            return ()
        words = f' datapath="{self.datapath}"'
        stages = f"stages={self.loop_stages}"
        passes = {
            # First, so that what was a loop may be jammed, and what copies share is
            # found behind it.
            "unroll-loops": self.unroll,
            f"jam-loops{{factor={self.jam_factor}{words}}}": self.jam,
            "hoist-invariants": self.hoist,
            # Behind what asks for subscripts.
            "expose-addresses": self.addresses,
            f"pipeline-loops{{{stages}{words}}}": self.loop_stages != 1,
        }
        return tuple(name for name, is_on in passes.items() if is_on)
