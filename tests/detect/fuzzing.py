"""Broken model files, and a program that opens them: `python -m tests.detect.fuzzing FOLDER`.

The program runs apart from the tests so that a crash, a hang or a flood of memory ends it and not them. It names each file
before it opens it.
"""

import contextlib
import faulthandler
import resource
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx

from throng.data.errors import ModelError
from throng.data.frame import Frame

LONGEST_S = 20
LARGEST_BYTES = 3 << 30
"""Of address space. A model that asks for more when it is opened or runs must be refused, not end the process."""

Generator = np.random.Generator


def mutations(seeds: dict[str, bytes], generator: Generator, n: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of broken versions of good files, a different one each time."""
    ways: list[Callable[[bytes, Generator], bytes]] = [
        _flipped,
        _cut,
        _spliced,
        _of_other_shapes,
        _of_other_parts,
        _of_other_values,
    ]
    for index in range(n):
        name = sorted(seeds)[int(generator.integers(len(seeds)))]
        way = ways[int(generator.integers(len(ways)))]
        content = way(seeds[name], generator)
        for _ in range(int(generator.integers(2))):
            # A name that the first break left without sense cannot be read for the second.
            with contextlib.suppress(UnicodeDecodeError):
                content = ways[int(generator.integers(len(ways)))](content, generator)
        yield f"{index:05}-{way.__name__.lstrip('_')}-{name}", content


def _flipped(content: bytes, generator: Generator) -> bytes:
    """A few bytes are others; half of the time in the first or last 2,000, where names and shapes are."""
    array = np.frombuffer(content, np.uint8).copy()
    if len(array):
        reach = min(len(array), 2000) if generator.integers(2) else len(array)
        places = generator.integers(0, reach, generator.integers(1, 9))
        array[places if generator.integers(2) else len(array) - 1 - places] = generator.integers(0, 256, len(places))
    return array.tobytes()


def _cut(content: bytes, generator: Generator) -> bytes:
    return content[: int(generator.integers(0, len(content) + 1))]


def _spliced(content: bytes, generator: Generator) -> bytes:
    """A piece is missing, doubled or random."""
    first, last = sorted(int(place) for place in generator.integers(0, len(content) + 1, 2))
    last = min(last, first + 200)
    piece = [b"", content[first:last] * 2, generator.bytes(last - first)][int(generator.integers(3))]
    return content[:first] + piece + content[last:]


def _parsed(content: bytes) -> onnx.ModelProto | None:
    from google.protobuf.message import DecodeError

    try:
        return onnx.load_model_from_string(content)
    except (DecodeError, ValueError):
        return None


NUMBERS = (0, 1, 2, 3, -1, 31, 80, 96, 4097, 65_536, 1 << 20, 1 << 31, 1 << 40, (1 << 62) + 1)


def _of_other_shapes(content: bytes, generator: Generator) -> bytes:
    """A length somewhere in the declared inputs, outputs or constants is another, or free."""
    model = _parsed(content)
    if model is None:
        return content
    lengths = [dim for value in (*model.graph.input, *model.graph.output) for dim in value.type.tensor_type.shape.dim]
    constants = [(tensor, axis) for tensor in model.graph.initializer for axis in range(len(tensor.dims))]
    number = NUMBERS[int(generator.integers(len(NUMBERS)))]
    if lengths and generator.integers(3):
        dim = lengths[int(generator.integers(len(lengths)))]
        if generator.integers(4):
            dim.dim_value = number
        else:
            dim.dim_param = "n"
    elif constants:
        tensor, axis = constants[int(generator.integers(len(constants)))]
        tensor.dims[axis] = number
    return bytes(model.SerializeToString())


def _of_other_parts(content: bytes, generator: Generator) -> bytes:
    """A node computes something else, of another domain, from other inputs, or is gone; a type or a name is another."""
    model = _parsed(content)
    if model is None or not model.graph.node:
        return content
    node = model.graph.node[int(generator.integers(len(model.graph.node)))]
    values = [*model.graph.input, *model.graph.output]
    way = int(generator.integers(9))
    if way == 0:
        node.op_type = str(
            generator.choice(["Identity", "Conv", "NoSuch", "Tile", "Expand", "Loop", "If", "NonMaxSuppression"])
        )
    elif way == 1:
        node.domain = "com.example"
    elif way == 2 and node.input:
        node.input[0] = model.graph.node[-1].output[0]  # perhaps a cycle
    elif way == 3:
        model.graph.node.remove(node)
    elif way == 4 and values:
        values[int(generator.integers(len(values)))].type.tensor_type.elem_type = int(generator.integers(0, 25))
    elif way == 5 and values:
        values[int(generator.integers(len(values)))].name = str(generator.choice(["", "boxes", "\u2603", "x" * 100_000]))
    elif way == 6 and node.attribute:
        node.attribute[0].i = NUMBERS[int(generator.integers(len(NUMBERS)))]
    elif way == 7 and model.opset_import:
        model.opset_import[0].version = NUMBERS[int(generator.integers(len(NUMBERS)))]
    elif node.input:
        node.input.append(node.input[0])
    return bytes(model.SerializeToString())


def _of_other_values(content: bytes, generator: Generator) -> bytes:
    """A constant holds other numbers, strings, or asks for another file."""
    model = _parsed(content)
    if model is None or not model.graph.initializer:
        return content
    tensor = model.graph.initializer[int(generator.integers(len(model.graph.initializer)))]
    way = int(generator.integers(4))
    if way == 0:
        tensor.data_type = int(generator.integers(0, 25))
    elif way == 1:
        tensor.raw_data = generator.bytes(len(tensor.raw_data))
    elif way == 2 and len(tensor.raw_data) % 8 == 0 and tensor.data_type == onnx.TensorProto.INT64:
        count = len(tensor.raw_data) // 8
        tensor.raw_data = generator.choice(np.array(NUMBERS, np.int64), count).tobytes()
    else:
        outside(tensor, str(generator.choice(["/etc/passwd", "../secret.bin", "weights.bin", "/dev/zero"])))
    return bytes(model.SerializeToString())


def outside(tensor: onnx.TensorProto, location: str) -> None:
    """Make a tensor say that its numbers lie in another file."""
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    tensor.external_data.add(key="location", value=location)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_BYTES, LARGEST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()


def _tried(path: Path, frame: Frame) -> list[str]:
    """What went wrong other than by a `ModelError`."""
    from throng.detect.density import open_counter
    from throng.detect.models import add
    from throng.detect.onnx import open_detector

    wrong = []
    for attempt in (
        lambda: open_detector(path).detect(frame),
        lambda: open_counter(path).count(frame),
        lambda: add(path, name="fuzzed", replace=True),
    ):
        try:
            attempt()
        except ModelError as error:
            if "\n" in str(error) or len(str(error)) > 1200:
                wrong.append(f"{path.name}: not one sentence: {str(error)[:200]!r}")
        except BaseException:  # noqa: BLE001  (whatever it is, it is a fault, and the next file is still to be tried)
            wrong.append(f"{path.name}: {traceback.format_exc()}")
    return wrong


def main(folder: Path) -> int:
    _limit()
    generator = np.random.default_rng(0)
    frame = Frame(generator.integers(0, 256, (90, 120, 3), np.uint8), 0.0, 0, "north")
    wrong = []
    for path in sorted(folder.glob("*.onnx")):
        print(path.name, flush=True)
        faulthandler.dump_traceback_later(LONGEST_S, exit=True)
        wrong.extend(_tried(path, frame))
        faulthandler.cancel_dump_traceback_later()
    print("\n".join(wrong), file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
