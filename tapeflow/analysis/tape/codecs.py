"""Codecs of saved floats: what a compressed record holds, and who asks for it.

A codec maps the floats of one record to narrower values and back. `f32` and `bf16` map
each alone. `fixed-rate:B` makes the floats of a record a block: they share the largest
of their exponents, 16 bits, and each keeps B bits of its own (block floating point).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import Float32Type, IntegerType, i16
from xdsl.ir import TypeAttribute

from tapeflow.dialects.ad import is_float
from tapeflow.dialects.record import field_bytes

RATES = (8, 16, 32)
"""Bits a value that a fixed-rate codec may have."""
CODECS = ("f32", "bf16", *(f"fixed-rate:{rate}" for rate in RATES))
NO_CODEC = "none"


@dataclass(frozen=True)
class Codec:
    """One way to narrow floats."""

    name: str
    stored: TypeAttribute
    """What each float becomes."""
    has_exponent: bool = False
    """Whether the floats of a record share an exponent, one i16 more."""

    @property
    def bits(self) -> int:
        """Bits that each float keeps, a shared exponent apart."""
        return field_bytes(self.stored) * 8

    @staticmethod
    def parse(text: str) -> "Codec | None":
        """The codec of a name, None for `none`; raises ValueError for another text."""
        if text == NO_CODEC:
            return None
        if text == "f32":
            return Codec(text, Float32Type())
        if text == "bf16":
            return Codec(text, i16)
        if text in CODECS:
            rate = int(text.partition(":")[2])
            return Codec(text, IntegerType(rate), has_exponent=True)
        raise ValueError(f"'{text}' is no codec; codecs: {', '.join(CODECS)}, none")

    def chosen(
        self, fields: Sequence[TypeAttribute], exact: frozenset[int]
    ) -> tuple[int, ...]:
        """Numbers of the fields that it narrows: floats wider than what they become.

        None where a shared exponent would take what they save.

        Args:
            exact: numbers of the fields that stay as they are.
        """
        width = field_bytes(self.stored)
        narrowed = tuple(
            number
            for number, field in enumerate(fields)
            if is_float(field) and number not in exact and field_bytes(field) > width
        )
        saved = sum(field_bytes(fields[number]) - width for number in narrowed)
        exponent = field_bytes(i16) if self.has_exponent else 0
        return narrowed if saved > exponent else ()
