"""Nobody of real footage is left in its plate: so say models that had no part in making it, and the truth about the footage."""

from pathlib import Path

import numpy as np
import pytest
from tests.capture.judges import CORRIDOR, STREET, Street, apart, film, found_by_others, hatched, is_empty

from throng.capture.plate import PlateBuilder
from throng.data.frame import Frame
from throng.detect.onnx import open_detector

pytestmark = pytest.mark.realdata

MOST = 0.01
"""Of a place may differ from the empty scene: compression and edges."""


def test_a_corridor_gives_a_plate_that_looks_as_it_does_when_nobody_is_there(shared_data: Path, shared_models: Path) -> None:
    find_people = open_detector(shared_models / "yolox_nano.onnx").detect
    builder, empty, someone = PlateBuilder(), [], None
    for frame in film(shared_data, CORRIDOR):
        builder.offer(frame)
        if frame.index % 20 == 0 and is_empty(frame):
            empty.append(frame.image_bgr)
        if frame.index == 320:
            someone = frame.image_bgr
    plate = builder.build(find_people)
    assert plate is not None
    image, scene = plate.image_bgr, np.median(empty, axis=0)
    seen = ~hatched(image)
    assert seen.mean() > 0.6  # most of the scene can be seen
    assert apart(image, scene)[seen].mean() <= MOST
    assert len(find_people(Frame(image, 0.0, 0, "north"))) == 0
    assert found_by_others(image, shared_models) == [0, 0]
    # The judges are none that would let anybody pass.
    assert someone is not None
    assert apart(someone, scene)[seen].mean() > 2 * MOST
    assert min(found_by_others(someone, shared_models)) > 0


def test_a_street_gives_a_plate_in_which_no_annotated_person_is_left(shared_data: Path, shared_models: Path) -> None:
    find_people = open_detector(shared_models / "yolox_nano.onnx").detect
    builder, street = PlateBuilder(), Street(shared_data)
    for frame in film(shared_data, STREET):
        builder.offer(frame)
        street.see(frame)
    plate = builder.build(find_people)
    assert plate is not None
    image = plate.image_bgr
    assert (~hatched(image)).mean() > 0.6
    left = street.left(image)
    assert len(left) > 80
    assert max(left) <= MOST
    assert len(find_people(Frame(image, 0.0, 0, "north"))) == 0
    assert found_by_others(image, shared_models) == [0, 0]
    # In a picture of the street itself the same judges see people.
    picture = street.a_picture()
    assert sum(share > 10 * MOST for share in street.left(picture)) >= 10
    assert min(found_by_others(picture, shared_models)) > 2
