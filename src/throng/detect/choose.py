"""From what a person asked for to a detector."""

from pathlib import Path

from throng.data.errors import ModelError
from throng.data.scale import PersonScale
from throng.detect import density
from throng.detect.detector import CrowdCounter, Detector
from throng.detect.foreground import Foreground
from throng.detect.models import InstalledModel, installed
from throng.detect.onnx import open_detector, shared_engine
from throng.detect.openvino import Precision
from throng.detect.tiles import Grid, Tiles


def choose_detector(
    choice: str,
    *,
    scale: PersonScale | None = None,
    threads: int = 1,
    tiles: str | None = None,
    precision: Precision = "full",
) -> Detector:
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
    tiles : str, optional
        Columns and rows, "2x1": a model also looks at overlapping tiles of the picture. The foreground detector sees every
        picture at its own size and needs none, so that where "auto" stands for it they mean nothing.
    precision : {"full", "fast"}
        float32, or the shortest format that what runs a model is fast in.

    Raises
    ------
    ModelError
        No such model, or it cannot be used, or the tiles are none.
    """
    grid = None if tiles is None else Grid.parse(tiles)
    if grid is not None and choice == "foreground":
        raise ModelError("the foreground detector sees the picture at its own size: leave tiles out, or choose a model")
    models = [] if choice == "foreground" else installed()
    counters = [model.name for model in models if model.family in density.FAMILIES]
    models = [model for model in models if model.family not in density.FAMILIES]
    if choice in counters:
        raise ModelError(f"{choice} counts crowds and detects nobody: choose a detector beside it")
    if choice == "foreground" or (choice == "auto" and not models):
        return Foreground(scale=scale)
    path = _path_of(choice, models)
    model = open_detector(path, threads=threads, precision=precision)
    return model if grid is None else Tiles(model, grid)


def _path_of(choice: str, models: list[InstalledModel]) -> Path:
    """The file of a detector's model."""
    if choice == "auto":
        return models[0].path
    for model in models:
        if model.name == choice:
            return model.path
    if not choice.endswith(".onnx"):
        names = ", ".join(model.name for model in models) or "none"
        raise ModelError(
            f'there is no detector "{choice}": use auto, foreground, the path of an .onnx file, or an installed model ({names})'
        )
    return Path(choice)


def counts_crowds(choice: str) -> bool:
    """Whether a choice stands for a model that counts crowds; a file that is neither that nor a detector is told elsewhere."""
    if any(model.name == choice for model in installed() if model.family in density.FAMILIES):
        return True
    path = Path(choice)
    if not choice.endswith(".onnx") or not path.is_file():
        return False
    try:
        return density.recognise(shared_engine(path).signature) is not None
    except ModelError:
        return False


def choose_counter(choice: str, *, threads: int = 1) -> CrowdCounter:
    """The crowd counter that a choice stands for.

    Parameters
    ----------
    choice : str
        The name of an installed model that counts crowds, or the path of an .onnx file.
    threads : int
        Threads of a model.

    Raises
    ------
    ModelError
        No such model, or it counts no crowd.
    """
    models = [model for model in installed() if model.family in density.FAMILIES]
    for model in models:
        if model.name == choice:
            return density.open_counter(model.path, threads=threads)
    if not choice.endswith(".onnx"):
        names = ", ".join(model.name for model in models) or "none"
        raise ModelError(f'there is no crowd counter "{choice}": use the path of an .onnx file or an installed one ({names})')
    return density.open_counter(Path(choice), threads=threads)
