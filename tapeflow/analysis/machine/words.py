"""Facts of a machine as words, which is how they reach the options of passes."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Facts:
    """Numbers by name; a subclass has the names, and the defaults."""

    MAY_BE_ZERO: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in self.MAY_BE_ZERO else 1
            if value < least:
                raise ValueError(f"{field.name}={value:g} must be at least {least}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """From words `name=number`; what is not named has its default.

        Raises:
            ValueError: a word that is not of this form, or an unknown name.
        """
        kinds: dict[str, type[int] | type[float]] = {
            f.name: float if isinstance(f.default, float) else int for f in fields(cls)
        }
        values: dict[str, Any] = {}
        for word in text.split():
            name, equals, number = word.partition("=")
            if name not in kinds or not equals:
                known = ", ".join(kinds)
                raise ValueError(f"'{word}' is not name=number; names: {known}")
            try:
                values[name] = kinds[name](number)
            except ValueError:
                raise ValueError(f"'{number}' is no number for {name}") from None
        return cls(**values)

    def __str__(self) -> str:
        return " ".join(
            f"{f.name}={_written(getattr(self, f.name))}" for f in fields(self)
        )


def _written(number: int | float) -> str:
    """Whole numbers with all their digits."""
    return str(number) if isinstance(number, int) else f"{number:g}"
