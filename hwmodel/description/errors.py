"""The two plain exceptions of the machine model."""


class MachineError(ValueError):
    """A machine description is wrong; the message names field, value and remedy."""


class SimulationError(RuntimeError):
    """A program broke a rule of the machine, or a byte count does not add up."""
