"""What runs a model, whatever the library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of a model, as the file declares it.

    Attributes
    ----------
    name : str
    shape : tuple of int or None
        None where the length is free.
    type : str
        "float32", "int64" and so on.
    """

    name: str
    shape: tuple[int | None, ...]
    type: str = "float32"

    def __str__(self) -> str:
        return f"{self.name} {'x'.join('?' if n is None else str(n) for n in self.shape)} {self.type}"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def __str__(self) -> str:
        return f"takes {', '.join(map(str, self.inputs))} and gives {', '.join(map(str, self.outputs))}"


class Engine(Protocol):
    """A model that is ready to run; may be called by several threads at once.

    Attributes
    ----------
    signature : Signature
    described : str
        What runs it and how precisely, for people: "ONNX Runtime on the CPU, float32".
    gains_by_batches : bool
        Whether it takes less time for pictures in one call than for each of them alone: on a card, not on a processor.
    """

    signature: Signature
    described: str
    gains_by_batches: bool

    def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        """The outputs, in the order of the signature."""
        ...
