"""One call of a model for the pictures of several cameras that wait for it at the same moment."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect.engine import Array, Engine

Outputs = Sequence[NDArray[np.float32]]

MOST = 16
"""Pictures in one call."""


@dataclass(slots=True, eq=False, repr=False)
class _Look:
    """One camera's picture on its way through the model."""

    inputs: Mapping[str, Array]
    called: threading.Lock = field(default_factory=threading.Lock)
    taken: bool = False
    alone: bool = False
    outputs: Outputs | None = None
    error: str = ""

    @property
    def kind(self) -> tuple[tuple[str, tuple[int, ...], str], ...]:
        """Looks of one kind fit into one call."""
        return tuple((name, value.shape, value.dtype.str) for name, value in self.inputs.items())

    @property
    def may_join(self) -> bool:
        return not self.alone and all(value.shape[:1] == (1,) for value in self.inputs.values())


class Gathered:
    """A model whose callers are answered together where they wait at the same moment.

    Nobody waits for company: whoever's turn it is takes along those who are waiting already and have inputs of the same shape.
    The next turn is that of whoever has waited longest, so that each call brings everybody nearer.
    No picture is kept longer than its caller waits.

    Parameters
    ----------
    engine : Engine
        Takes batches of any length.
    most : int
        Pictures in one call.
    """

    gains_by_batches = True

    def __init__(self, engine: Engine, *, most: int = MOST) -> None:
        self.signature = engine.signature
        self.described = f"{engine.described}, up to {most} cameras a call"
        self._engine = engine
        self._most = most
        self._waiting: list[_Look] = []
        self._busy = False
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, Array]) -> Outputs:
        """The outputs, in the order of the signature.

        Raises
        ------
        ModelError
            The model fails on this input.
        """
        look = _Look(inputs)
        look.called.acquire()
        with self._lock:
            self._waiting.append(look)
            waits, self._busy = self._busy, True
        if waits:
            look.called.acquire()
        if not look.taken:
            self._lead()
        if look.outputs is None:
            # Made here: an error of the call would hold on to everybody's pictures.
            raise ModelError(look.error)
        return look.outputs

    def _lead(self) -> None:
        """Answer whoever has waited longest, who is the caller, and those who fit in; then hand over."""
        with self._lock:
            looks = self._take()
        try:
            self._answer(looks)
        finally:
            with self._lock:
                self._hand_over(looks[1:])

    def _take(self) -> list[_Look]:
        first = self._waiting[0]
        kind, joins = first.kind, first.may_join
        same = [look for look in self._waiting if look.kind == kind and look.may_join][: self._most] if joins else [first]
        # A power of two: libraries of cards prepare anew for each shape, and so there are few.
        looks = same[: 1 << (len(same).bit_length() - 1)]
        for look in looks:
            look.taken = True
        self._waiting = [look for look in self._waiting if not look.taken]
        return looks

    def _hand_over(self, looks: Sequence[_Look]) -> None:
        """Send the others of a call home, and let the next one lead."""
        # A fault that is none of the model's ends the leader alone: the others try again, each by himself.
        left = [look for look in looks if look.outputs is None and not look.error]
        for look in left:
            look.taken, look.alone = False, True
        self._waiting = left + self._waiting
        for look in looks:
            if look.taken:
                look.called.release()
        if self._waiting:
            self._waiting[0].called.release()
        else:
            self._busy = False

    def _answer(self, looks: Sequence[_Look]) -> None:
        if len(looks) > 1:
            try:
                self._answer_together(looks)
            except (ModelError, MemoryError):
                # Perhaps one picture's fault, for which the others need not suffer.
                pass
            else:
                return
        for look in looks:
            self._answer_alone(look)
        if len(looks) > 1 and all(look.outputs is not None for look in looks):
            # The batch's fault: too large for the card's memory, or not what the model takes.
            self._most = max(1, len(looks) // 2)

    def _answer_together(self, looks: Sequence[_Look]) -> None:
        outputs = self._engine.run({name: np.concatenate([look.inputs[name] for look in looks]) for name in looks[0].inputs})
        if any(output.shape[:1] != (len(looks),) for output in outputs):
            raise ModelError("the model does not answer for each picture of a batch")
        for number, look in enumerate(looks):
            look.outputs = [output[number : number + 1] for output in outputs]

    def _answer_alone(self, look: _Look) -> None:
        try:
            look.outputs = self._engine.run(look.inputs)
        except ModelError as error:
            look.error = str(error)
        except MemoryError:
            look.error = "the model asks for more memory than there is"


def gathered(engine: Engine) -> Engine:
    """The engine, its callers gathered where it gains by batches and takes them."""
    takes_batches = all(tensor.shape[:1] == (None,) for tensor in engine.signature.inputs)
    # A single number a picture tells how many rows of another output belong to it, and those cannot be taken apart here.
    divides = all(len(tensor.shape) > 1 for tensor in engine.signature.outputs)
    return Gathered(engine) if engine.gains_by_batches and takes_batches and divides else engine
