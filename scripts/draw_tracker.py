"""Draws docs/tracker.svg: what the tracker makes of two people who meet behind a pillar, among false detections.

.venv/bin/python scripts/draw_tracker.py
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.tracks import Tracks
from throng.track.tracker import Tracker

Floats = NDArray[np.float64]
OUT = Path(__file__).resolve().parent.parent / "docs" / "tracker.svg"
WIDTH, HEIGHT = 900, 330
RATE_HZ, SECONDS = 10.0, 6.0
SIZE_PX = np.array([30.0, 80.0])
PILLAR_PX = (425.0, 490.0)
COLOURS = ("#0b6e99", "#b3541e", "#5b7f2b", "#7b4b94")


def people(time_s: float) -> Floats:
    """Where both stand, centres (2, 2) in pixels: they come from either side and pass behind the pillar together."""
    return np.array([[60 + 130 * time_s, 120 + 12 * time_s], [840 - 130 * time_s, 210 - 14 * time_s]])


def detected(time_s: float, rng: np.random.Generator) -> Detections:
    """What a detector says: jittered boxes, one in ten missed, nobody behind the pillar, now and then a false one."""
    centres = people(time_s)
    shown = (rng.random(2) > 0.1) & ((centres[:, 0] < PILLAR_PX[0]) | (centres[:, 0] > PILLAR_PX[1]))
    found = centres[shown] + rng.normal(0.0, 3.0, (int(shown.sum()), 2))
    false = rng.uniform([20, 40], [WIDTH - 20, HEIGHT - 60], (int(rng.random() < 0.3), 2))
    centres = np.concatenate([found, false])
    scores = np.concatenate([rng.uniform(0.6, 0.9, len(found)), rng.uniform(0.4, 0.7, len(false))])
    return Detections(np.concatenate([centres - SIZE_PX / 2, centres + SIZE_PX / 2], axis=1), scores, time_s)


def draw() -> str:
    """The figure, as SVG."""
    rng, tracker = np.random.default_rng(4), Tracker(anchor="centre")
    colours: dict[int, str] = {}
    dots, marks, expected = [], [], []
    for frame in range(int(SECONDS * RATE_HZ)):
        detections = detected(frame / RATE_HZ, rng)
        tracks = tracker.update(detections)
        for key in tracks.ids.tolist():
            colours.setdefault(key, COLOURS[len(colours) % len(COLOURS)])
        middles = (detections.boxes_px[:, :2] + detections.boxes_px[:, 2:]) / 2
        dots += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="#777"/>' for x, y in middles]
        marks += _marks(tracks, colours)
        if frame % 3 == 0:
            expected += _ellipses(tracker)
    pillar = f'<rect x="{PILLAR_PX[0]}" y="20" width="{PILLAR_PX[1] - PILLAR_PX[0]}" height="240" fill="#ddd"/>'
    return "\n".join([_head(), pillar, *expected, *dots, *marks, *_legend(), "</svg>", ""])


def _marks(tracks: Tracks, colours: dict[int, str]) -> list[str]:
    marks = []
    for key, (x, y), seen in zip(tracks.ids.tolist(), tracks.xy_image_px, tracks.seen, strict=True):
        fill = colours[key] if seen else "white"
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{colours[key]}" stroke-width="1.6"/>')
    return marks


def _ellipses(tracker: Tracker) -> list[str]:
    # Nothing outside the tracker may know what it expects; this figure alone looks.
    places = tracker._motion.expected()
    xx, _, yy = places.centre_px2
    return [
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{2 * np.sqrt(a):.1f}" ry="{2 * np.sqrt(b):.1f}" fill="none" stroke="#aab" '
        'stroke-width="0.8"/>'
        for (x, y), a, b in zip(places.boxes_px[:, :2], xx, yy, strict=True)
    ]


def _head() -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    )


def _legend() -> list[str]:
    y = HEIGHT - 34
    return [
        f'<circle cx="30" cy="{y}" r="2.2" fill="#777"/><text x="42" y="{y + 4}">detection, some of them false</text>',
        f'<ellipse cx="262" cy="{y}" rx="12" ry="8" fill="none" stroke="#aab"/>'
        f'<text x="282" y="{y + 4}">where it is expected (2 s.e.)</text>',
        f'<circle cx="480" cy="{y}" r="4.5" fill="{COLOURS[0]}"/><text x="492" y="{y + 4}">found; one colour an id</text>',
        f'<circle cx="660" cy="{y}" r="4.5" fill="white" stroke="{COLOURS[0]}" stroke-width="1.6"/>'
        f'<text x="672" y="{y + 4}">hidden, where it was going</text>',
        '<text x="432" y="16" fill="#777">pillar</text>',
    ]


if __name__ == "__main__":
    OUT.write_text(draw(), encoding="utf-8")
    print(f"wrote {OUT.relative_to(Path.cwd())}" if OUT.is_relative_to(Path.cwd()) else f"wrote {OUT}")
