"""The same SRAM and memory ports for every arm of a comparison, and how they are split.

An arm without scratchpad has all of it as cache. The rule for the others: the
scratchpad takes as many bytes as DRAM delivers in its latency, which is what has to be
on its way to keep the bus busy, rounded up to a power of two, but at most a quarter of
the total, in whole cache sets; and half of the ports, rounded down. What is set
explicitly takes the place of the rule, and the other memory has the rest. `memory_of`
says a machine in the words of the compiler's cost model.
"""

import math
from collections.abc import Set
from dataclasses import dataclass, replace

from hwmodel import Machine, MachineError
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.analysis.placement.memory_system import MemorySystem

CACHE_BYTES = "cache.capacity_bytes"
SCRATCHPAD_BYTES = "scratchpad.capacity_bytes"
CACHE_PORTS = "cache.ports"
SCRATCHPAD_PORTS = "scratchpad.ports"


@dataclass(frozen=True)
class SramBudget:
    """Totals that take the place of the machine's own; None keeps those."""

    sram_bytes: int | None = None
    ports: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether a total was asked for."""
        return self.sram_bytes is not None or self.ports is not None

    def all_cache(self, machine: Machine) -> Machine:
        """The machine with the totals in its cache, and no scratchpad.

        Raises:
            MachineError: no cache has this size, or as many ports.
        """
        size = machine.sram_bytes if self.sram_bytes is None else self.sram_bytes
        ports = total_ports(machine) if self.ports is None else self.ports
        return self._machine(machine, (size, 0), (ports, 0))

    def split(self, machine: Machine, explicit: Set[str]) -> Machine:
        """The machine with the totals split between cache and scratchpad.

        Args:
            explicit: fields of the machine that were set, and are to stay.

        Raises:
            MachineError: too little to split, or a split that does not add up.
        """
        cache, pad = machine.cache, machine.scratchpad
        sizes = (cache.capacity_bytes, pad.capacity_bytes)
        ports = (cache.ports, pad.ports)
        if self.sram_bytes is not None:
            fields = (CACHE_BYTES, SCRATCHPAD_BYTES)
            by_rule = scratchpad_share_bytes(machine, self.sram_bytes)
            sizes = _shares(self.sram_bytes, sizes, fields, explicit, by_rule)
        if self.ports is not None:
            if self.ports < 2:
                raise MachineError(
                    f"--ports {self.ports}: an arm with a scratchpad needs at least 2, "
                    "one for the cache and one for the scratchpad; give more, or "
                    "choose arms without scratchpad by --pipeline"
                )
            fields = (CACHE_PORTS, SCRATCHPAD_PORTS)
            ports = _shares(self.ports, ports, fields, explicit, self.ports // 2)
        return self._machine(machine, sizes, ports)

    def _machine(
        self, machine: Machine, sizes: tuple[int, int], ports: tuple[int, int]
    ) -> Machine:
        set_bytes = machine.cache.ways * machine.cache.line_bytes
        if self.sram_bytes is not None and sizes[0] % set_bytes:
            below = self.sram_bytes - sizes[0] % set_bytes
            near = {max(below, set_bytes), below + set_bytes}
            raise MachineError(
                f"--sram-bytes {self.sram_bytes} leaves a cache of {sizes[0]} bytes, "
                f"which are no whole sets of {machine.cache.ways} ways x "
                f"{machine.cache.line_bytes} bytes = {set_bytes}; give "
                f"{' or '.join(map(str, sorted(near)))}"
            )
        cache = replace(machine.cache, capacity_bytes=sizes[0], ports=ports[0])
        pad = replace(machine.scratchpad, capacity_bytes=sizes[1], ports=ports[1])
        return replace(machine, cache=cache, scratchpad=pad)


OWN_MEMORY = SramBudget()
"""The machine's own SRAM and ports."""


def total_ports(machine: Machine) -> int:
    """Memory ports of cache and scratchpad together."""
    return machine.cache.ports + machine.scratchpad.ports


def with_scratchpad(machine: Machine, size_bytes: int, ports: int) -> Machine:
    """The machine with so much of its SRAM and ports the scratchpad's.

    Raises:
        MachineError: no cache has what is left.
    """
    if not size_bytes:
        return machine.without_scratchpad()
    _check_share("scratchpad-bytes", size_bytes, machine.sram_bytes, "bytes of SRAM")
    _check_share("scratchpad-ports", ports, total_ports(machine), "memory ports")
    cache = replace(
        machine.cache,
        capacity_bytes=machine.sram_bytes - size_bytes,
        ports=total_ports(machine) - ports,
    )
    pad = replace(machine.scratchpad, capacity_bytes=size_bytes, ports=ports)
    return replace(machine, cache=cache, scratchpad=pad)


def _check_share(option: str, given: int, total: int, what: str) -> None:
    if given > total:
        raise MachineError(
            f"{option} is {given}, and cache and scratchpad have {total} {what} in "
            "all; give less"
        )


def scratchpad_share_bytes(machine: Machine, sram_bytes: int) -> int:
    """What the rule gives the scratchpad of so many bytes; at least one cache set."""
    dram = machine.dram
    in_flight = max(1, int(dram.closed_ns * dram.bandwidth_gb_per_s))
    wanted = 1 << (in_flight - 1).bit_length()
    set_bytes = machine.cache.ways * machine.cache.line_bytes
    sets = max(1, min(wanted, sram_bytes // 4) // set_bytes)
    return sets * set_bytes


def _shares(
    total: int,
    own: tuple[int, int],
    fields: tuple[str, str],
    explicit: Set[str],
    by_rule: int,
) -> tuple[int, int]:
    """The shares of cache and scratchpad in a total."""
    cache, pad = own
    if set(fields) <= explicit:
        if cache + pad != total:
            raise MachineError(
                f"{fields[0]}={cache} and {fields[1]}={pad} are {cache + pad} "
                f"together, but the total is to be {total}; leave one of them out"
            )
        return own
    if fields[0] in explicit:
        pad = total - cache
    else:
        pad = pad if fields[1] in explicit else by_rule
        cache = total - pad
    if cache < 0 or pad < 0 or (cache == 0 and fields[1] not in explicit):
        raise MachineError(
            f"a total of {total} cannot be split: {fields[0]} would be {cache} and "
            f"{fields[1]} {pad}; raise the total, or set one of them"
        )
    return cache, pad


def memory_of(machine: Machine) -> MemorySystem:
    """Totals and latencies of a machine; how its SRAM is split does not matter."""
    cycles_per_ns = machine.clock_hz * 1e-9
    cache, dram = machine.cache, machine.dram
    has_prefetcher = cache.prefetcher != "none"
    return MemorySystem(
        sram_bytes=machine.sram_bytes,
        ports=total_ports(machine),
        cache_ways=cache.ways,
        mshrs=cache.mshrs,
        # The estimates only ask whether there is one: so all degrees share a program.
        prefetch_degree=int(has_prefetcher),
        issue_width=machine.datapath.issue_width,
        window=machine.datapath.window,
        dram_latency_cycles=math.ceil(dram.closed_ns * cycles_per_ns),
        dram_bytes_per_cycle=dram.bandwidth_gb_per_s / cycles_per_ns,
        dma_setup_cycles=machine.dma.setup_cycles,
        dma_channels=machine.dma.channels,
    )


def datapath_of(machine: Machine) -> Datapath:
    """What loops need to know of a machine; how its SRAM is split does not matter."""
    datapath, memory = machine.datapath, memory_of(machine)
    return Datapath(
        window=datapath.window,
        issue_width=datapath.issue_width,
        integer_units=datapath.integer_units,
        float_units=datapath.float_units,
        ports=memory.ports,
        load_cycles=machine.cache.hit_latency_cycles,
        cache_bytes=memory.sram_bytes,
        dram_bytes_per_cycle=memory.dram_bytes_per_cycle,
    )
