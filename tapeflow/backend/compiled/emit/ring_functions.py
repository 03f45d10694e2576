"""What a ring does, in the part of Python that is compiled along with a program.

A ring is three arrays. `state` holds the integers named below. `slots` holds the bytes
of all slots and then one mark for each byte: 1 where a field of the slot's tile begins
that has been written. `stack` holds the tiles in DRAM, each as the bytes of a slot and
then its marks. A transfer is carried out when it is ordered; until the program waits
for it, what it brings may not be read and what it touches may not be overwritten.
Functions name their errors by `site`, `site + 1`, ... (see `transfers`).
"""

# ruff: noqa: F821 -- types, `run` and builtins have a meaning only in generated source
# pyright: basic, reportUndefinedVariable=false

from __future__ import annotations

from tapeflow.backend.compiled.native.python_words import out_of_line

HEAD = 0
SLOT = 1
START = 2
BASE = 3
PITCH = 4
TILE_BYTES = 5
SLOTS = 6
MAX_TILES = 7
STATUS = 8
LEAVING = 1
ARRIVING = 2


def ring_begin(
    state: i64_array,
    base: int,
    pitch: int,
    tile_bytes: int,
    slots: int,
    max_tiles: int,
):
    state[BASE] = base
    state[PITCH] = pitch
    state[TILE_BYTES] = tile_bytes
    state[SLOTS] = slots
    state[MAX_TILES] = max_tiles
    ring_turn_to(state, 0)


def ring_turn_to(state: i64_array, tile: int):
    slot = remainder_unsigned(tile, state[SLOTS])
    state[HEAD] = tile
    state[SLOT] = slot
    state[START] = state[BASE] + slot * state[PITCH]


def ring_place(run: run, site: int, state: i64_array, address: int, stride: int) -> int:
    inside = address - state[START]
    run.check(0 <= inside < state[TILE_BYTES], site, address, state[START])
    whole = remainder_unsigned(inside, stride) == 0
    run.check(whole, site, address, state[START])
    return address - state[BASE]


@out_of_line
def ring_place_to_store(
    run: run,
    site: int,
    state: i64_array,
    slots: i8_array,
    address: int,
    stride: int,
    offset: int,
) -> int:
    place = ring_place(run, site, state, address, stride)
    run.check(state[STATUS + state[SLOT]] == 0, site + 1, state[SLOT], address)
    marks = state[SLOTS] * state[PITCH]
    slots[marks + place + offset] = 1
    return place


@out_of_line
def ring_place_to_load(
    run: run,
    site: int,
    state: i64_array,
    slots: i8_array,
    address: int,
    stride: int,
    offset: int,
) -> int:
    place = ring_place(run, site, state, address, stride)
    arrived = state[STATUS + state[SLOT]] < ARRIVING
    run.check(arrived, site + 1, address, state[HEAD])
    marks = state[SLOTS] * state[PITCH]
    run.check(slots[marks + place + offset] == 1, site + 2, address, state[HEAD])
    return place


def ring_forget(state: i64_array, slots: i8_array):
    marks = state[SLOTS] * state[PITCH]
    fill_bytes(slots, marks + state[START] - state[BASE], state[PITCH], 0)


def ring_write_back(
    run: run, site: int, state: i64_array, slots: i8_array, stack: i8_array
):
    head = state[HEAD]
    run.check(head < state[MAX_TILES], site, head, state[MAX_TILES])
    pitch = state[PITCH]
    marks = state[SLOTS] * pitch
    place = state[START] - state[BASE]
    copy_bytes(stack, 2 * head * pitch, slots, place, pitch)
    copy_bytes(stack, (2 * head + 1) * pitch, slots, marks + place, pitch)


def ring_fetch(state: i64_array, slots: i8_array, stack: i8_array, tile: int):
    pitch = state[PITCH]
    marks = state[SLOTS] * pitch
    slot = remainder_unsigned(tile, state[SLOTS])
    place = slot * pitch
    copy_bytes(slots, place, stack, 2 * tile * pitch, pitch)
    copy_bytes(slots, marks + place, stack, (2 * tile + 1) * pitch, pitch)
    status = STATUS + slot
    state[status] = state[status] | ARRIVING


@out_of_line
def ring_enqueue(
    run: run, site: int, state: i64_array, slots: i8_array, stack: i8_array, start: int
):
    run.check(start == state[START], site, start, state[START])
    ring_write_back(run, site + 1, state, slots, stack)
    status = STATUS + state[SLOT]
    state[status] = state[status] | LEAVING
    ring_turn_to(state, state[HEAD] + 1)
    ring_forget(state, slots)


@out_of_line
def ring_acquire(run: run, site: int, state: i64_array, start: int):
    run.check(start == state[START], site, start, state[START])
    state[STATUS + state[SLOT]] = 0


@out_of_line
def ring_prefetch(
    run: run, site: int, state: i64_array, slots: i8_array, stack: i8_array, start: int
):
    head = state[HEAD]
    run.check(start == state[START], site, start, state[START])
    run.check(head > 0, site + 1, head, 0)
    ring_forget(state, slots)
    if head >= state[SLOTS]:
        ring_fetch(state, slots, stack, head - state[SLOTS])
    ring_turn_to(state, head - 1)


@out_of_line
def ring_dequeue(run: run, site: int, state: i64_array, start: int):
    run.check(start == state[START], site, start, state[START])
    state[STATUS + state[SLOT]] = 0


@out_of_line
def ring_reload(
    run: run, site: int, state: i64_array, slots: i8_array, stack: i8_array, end: int
):
    size = end - state[START]
    run.check(0 <= size <= state[TILE_BYTES], site, end, state[START])
    first_behind = state[HEAD]
    if size > 0:
        ring_write_back(run, site + 1, state, slots, stack)
        first_behind = first_behind + 1
    for tile in range(max(0, state[HEAD] - state[SLOTS] + 1), first_behind, 1):
        ring_fetch(state, slots, stack, tile)


@out_of_line
def ring_drain(
    run: run, site: int, state: i64_array, slots: i8_array, stack: i8_array, start: int
):
    ring_enqueue(run, site, state, slots, stack, start)
    ring_acquire(run, site, state, state[START])


@out_of_line
def ring_fill(
    run: run, site: int, state: i64_array, slots: i8_array, stack: i8_array, start: int
):
    ring_prefetch(run, site, state, slots, stack, start)
    ring_dequeue(run, site, state, state[START])


@out_of_line
def ring_advance(
    run: run,
    site: int,
    state: i64_array,
    slots: i8_array,
    stack: i8_array,
    address: int,
    limit: int,
    stride: int,
) -> tuple[int, int, int]:
    if address == limit:
        ring_drain(run, site, state, slots, stack, limit - state[TILE_BYTES])
        address = state[START]
        limit = address + state[TILE_BYTES]
    return address, limit, divide_floor(limit - address, stride)


@out_of_line
def ring_retreat(
    run: run,
    site: int,
    state: i64_array,
    slots: i8_array,
    stack: i8_array,
    address: int,
    limit: int,
    stride: int,
) -> tuple[int, int, int]:
    start = limit - state[TILE_BYTES]
    if address == start:
        ring_fill(run, site, state, slots, stack, address)
        start = state[START]
        address = start + state[TILE_BYTES]
        limit = address
    return address, limit, divide_floor(address - start, stride)
