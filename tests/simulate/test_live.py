from itertools import islice

import numpy as np
import pytest

from throng.data.errors import SourceError
from throng.simulate.live import stream


def test_a_recorded_stream_ends_and_says_how_long_it_is() -> None:
    recorded = stream("concourse-5", "hall", live=False, loop=False)
    width, height, rate_hz, frames, duration_s = recorded.info_tuple
    assert (width, height, rate_hz, duration_s) == (768, 432, 12.5, 600.0)
    times = list(recorded.frame_times_s)
    assert len(times) == frames == 7500
    assert times[-1] == pytest.approx(600.0 - 0.08)
    (first_s, first), (second_s, second) = islice(recorded.images(), 2)
    assert (first_s, second_s) == (0.0, 0.08)
    assert first.shape == (432, 768, 3)
    np.testing.assert_array_equal(recorded.image_at(0.08), second)


@pytest.mark.parametrize(("live", "loop"), [(True, True), (True, False), (False, True)])
def test_a_live_or_looping_stream_has_no_length(live: bool, loop: bool) -> None:
    assert stream("concourse-5", "hall", live=live, loop=loop).info_tuple[3:] == (None, None)


def test_a_loop_goes_on_past_the_end() -> None:
    times = stream("concourse-5", "hall", live=False, loop=True).frame_times_s
    assert next(islice(times, 8000, None)) == pytest.approx(640.0)


def test_wrong_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(SourceError, match='did you mean "concourse-5"'):
        stream("concourse_5", "hall", live=False, loop=False)
    with pytest.raises(SourceError, match='did you mean "hall"'):
        stream("concourse-5", "hal", live=True, loop=True)
