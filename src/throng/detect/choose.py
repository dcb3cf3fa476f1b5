"""From what a person asked for to a detector."""

from pathlib import Path

from throng.data.errors import ModelError
from throng.data.scale import PersonScale
from throng.detect.detector import Detector
from throng.detect.foreground import Foreground
from throng.detect.models import installed
from throng.detect.onnx import open_detector


def choose_detector(choice: str, *, scale: PersonScale | None = None, threads: int = 1) -> Detector:
    """The detector that a choice stands for.

    Parameters
    ----------
    choice : str
        "auto" (the model installed last, or the foreground detector where none is), "foreground", the name of an installed
        model, or the path of an .onnx file.
    scale : PersonScale, optional
        How large people look, for the foreground detector.
    threads : int
        Threads of a model.

    Raises
    ------
    ModelError
        No such model, or it cannot be used.
    """
    models = [] if choice == "foreground" else installed()
    if choice == "foreground" or (choice == "auto" and not models):
        return Foreground(scale=scale)
    if choice == "auto":
        return open_detector(models[0].path, threads=threads)
    for model in models:
        if model.name == choice:
            return open_detector(model.path, threads=threads)
    if not choice.endswith(".onnx"):
        names = ", ".join(model.name for model in models) or "none"
        raise ModelError(
            f'there is no detector "{choice}": use auto, foreground, the path of an .onnx file, or an installed model ({names})'
        )
    return open_detector(Path(choice), threads=threads)
