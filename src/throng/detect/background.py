"""The empty scene of a fixed camera, learned while people walk through it, and what differs from it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]

START_S = (0.6, 1.2, 2.5, 5.0, 10.0)
"""Ages at which the scene is taken anew as the median of the pictures since the start."""
SAMPLE_S = 0.2
SURE, UNSURE = 255, 100
"""Values of the mask: certainly foreground; perhaps a shadow."""
AGREED_SHARE = 0.6
"""Share of the samples that must agree with their median."""
SLOW_S = 12.0
"""Time constant with which bare ground follows the light."""
NEARBY_PX = 15
"""Ground within half of this of people and things is theirs: what seems a shadow there may be a leg. Other ground follows the
light wherever it seems to be only that which differs."""
NOTICE_S = 0.25
"""How often pixels that stay different are looked at."""
OBJECT_S = 20.0
"""What stays different and unchanging for so long, and is no person, belongs to the scene."""
PERSON_S = 180.0
"""The same where a person has been found in whom nothing moves at all."""
ALIVE_SHARE, ALIVE_S = 0.03, 10.0
"""A person in whom more than this share of the foreground changed between two looks stands still and lives: nothing of them
counts as unchanging for longer than this."""
SWAY_HZ, SWAY_S = 1.2, 12.0
"""Pixels that turn from scene to foreground or back more often than this, over about so long, show leaves, flags or water."""
GHOST_S = 1.5
"""The same where the scene, not the picture, shows the outline of somebody."""
STILL_SHARE = 0.5
"""Share of a box's foreground that must have been unchanging for that long to make it doubtful."""
LIGHT_ROUGH, LIGHT_DEPTH, LIGHT_TINT = 0.1, 0.7, 0.2
"""Standard deviation, drop and spread over the colours of log(picture / scene) in a neighbourhood, up to which only the light
differs."""
GREY_DEPTH, GREY_TINT = 0.45, 0.05
"""Drop and spread of the same at a pixel up to which it may be a shadow with sharp edges, as around feet."""
_LOG = np.log(np.arange(256, dtype=np.float32) + 8.0)
FLOOD_SHARE, FLOOD_S = 0.6, 0.8
"""A picture that differs in more than this share for longer than this is a new scene: light switched, camera moved."""


class Background:
    """A per-pixel mean and noise, learned only where no person is; times in seconds, so any frame rate behaves alike.

    Attributes
    ----------
    age_s : float
        Since the scene was begun anew; young scenes are uncertain.
    """

    def __init__(self) -> None:
        self.age_s = 0.0
        self._time_s: float | None = None
        self._mean: Floats | None = None
        self._raw: Mask = np.empty((0, 0), dtype=np.uint8)
        self._since_notice_s = 0.0
        self._medians: list[float] = []

    @property
    def settled(self) -> bool:
        """Whether the scene is old enough to be relied on."""
        return self.age_s >= START_S[1]

    def doubtful(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the boxes (n, 4) may hold a hole in the scene, where somebody stood when it was begun.

        While the scene is still taken anew, what does not move may be either; the last median decides.
        """
        found = np.zeros(len(boxes), dtype=bool)
        if not self._medians:
            return found
        for k, (x0, y0, x1, y1) in enumerate(np.maximum(np.rint(boxes), 0).astype(int).tolist()):
            part = (slice(y0, y1), slice(x0, x1))
            still, raw = int(np.count_nonzero(self._other_s[part] > GHOST_S)), int(np.count_nonzero(self._raw[part]))
            found[k] = still > STILL_SHARE * max(1, raw)
        return found

    def foreground(self, picture: Picture, time_s: float) -> Mask:
        """Pixels (rows, columns) that differ from the empty scene: `SURE`, `UNSURE` where it may be a shadow, else 0.

        Parameters
        ----------
        picture : (rows, columns, 3) uint8
            Blue, green, red.
        time_s : float
            When it was taken.
        """
        if self._mean is None or self._mean.shape != picture.shape:
            self._begin(picture)
        self._dt_s = min(max(0.0, time_s - self._time_s), 1.0) if self._time_s is not None else 0.0
        self._time_s = time_s
        self.age_s += self._dt_s
        self._collect(picture)
        scene = self._as_lit_now(picture)
        self._scene = scene
        raw = _differs(picture, scene, self._noise)
        self._watch_flood(picture, raw)
        self._turned = cv2.bitwise_xor(raw, self._raw)
        self._raw = raw
        often = 255.0 * min(0.5, SWAY_HZ * self._dt_s) + 1.0
        sways = cv2.compare(self._turns, often, cv2.CMP_GT)
        return _cleaned(raw, cv2.bitwise_or(_only_light(picture, scene), sways))

    def learn(self, picture: Picture, foreground: Mask, people: Mask, boxes: NDArray[np.float64]) -> None:
        """Take up the light of bare ground and what has come to stay.

        Parameters
        ----------
        picture : (rows, columns, 3) uint8
            The one `foreground` was asked for last.
        foreground : (rows, columns) uint8
            Its answer.
        people : (rows, columns) uint8
            255 where people were found.
        boxes : (n, 4) float64
            Their boxes.
        """
        assert self._mean is not None
        foreground = cv2.compare(foreground, UNSURE, cv2.CMP_GT)
        taken = cv2.dilate(cv2.bitwise_or(foreground, self._raw), np.ones((5, 5), np.uint8))
        bare = cv2.bitwise_not(cv2.bitwise_or(taken, people))
        share = 1.0 - float(np.exp(-self._dt_s / SLOW_S))
        if share > 0:
            near = cv2.dilate(cv2.bitwise_or(foreground, people), np.ones((NEARBY_PX, NEARBY_PX), np.uint8))
            cv2.accumulateWeighted(picture, self._mean, share, mask=cv2.bitwise_or(bare, cv2.bitwise_not(near)))
            deviation = cv2.absdiff(picture, self._scene)
            cv2.accumulateWeighted(_largest(deviation), self._noise, share, mask=bare)
        self._watch_sway(people)
        self._since_notice_s += self._dt_s
        if self._since_notice_s >= NOTICE_S:
            self._notice(picture, foreground, people, boxes)
            self._since_notice_s = 0.0

    def _begin(self, picture: Picture) -> None:
        shape = picture.shape[:2]
        self.age_s = 0.0
        self._mean = picture.astype(np.float32)
        self._noise: Floats = np.full(shape, 5.0, dtype=np.float32)
        self._samples: list[Picture] = [picture]
        self._medians = list(START_S)
        self._flood_s = 0.0
        self._since_notice_s = 0.0
        self._raw = np.zeros(shape, dtype=np.uint8)
        self._passed: Mask = np.zeros(shape, dtype=np.uint8)
        self._turns: Floats = np.zeros(shape, dtype=np.float32)
        self._other: Picture = picture
        self._other_s: Floats = np.zeros(shape, dtype=np.float32)

    def _collect(self, picture: Picture) -> None:
        """Early on the scene is the median of what was seen, which forgets those who walked through."""
        if not self._medians or self._mean is None:
            return
        if self.age_s >= SAMPLE_S * len(self._samples):
            self._samples.append(picture)
        if self.age_s >= self._medians[0]:
            self._mean = _settled(self._mean, np.stack(self._samples))
            self._medians = [age for age in self._medians if age > self.age_s]
            self._samples = self._samples if self._medians else []

    def _as_lit_now(self, picture: Picture) -> Picture:
        """The scene under the light of this picture: a gain per colour, from the median ratio over a coarse grid."""
        assert self._mean is not None
        seen, mean = picture[2::5, 2::5].astype(np.float32) + 1.0, self._mean[2::5, 2::5] + 1.0
        gain = np.median(seen / mean, axis=(0, 1))
        if np.abs(gain - 1.0).max() > 0.5:
            gain = np.ones(3)
        lit: Picture = cv2.convertScaleAbs(cv2.multiply(self._mean, (*(float(g) for g in gain), 1.0)))
        return lit

    def _watch_flood(self, picture: Picture, raw: Mask) -> None:
        flooded = cv2.countNonZero(raw) > FLOOD_SHARE * raw.size
        self._flood_s = self._flood_s + self._dt_s if flooded else 0.0
        if self._flood_s > FLOOD_S:
            self._begin(picture)

    def _watch_sway(self, people: Mask) -> None:
        """Where pixels turn from scene to foreground and back although nobody passes, before or after."""
        passed = cv2.dilate(people, np.ones((7, 7), np.uint8))
        turned = cv2.bitwise_and(self._turned, cv2.bitwise_not(cv2.bitwise_or(passed, self._passed)))
        cv2.accumulateWeighted(turned, self._turns, 1.0 - float(np.exp(-self._dt_s / SWAY_S)))
        self._passed = passed

    def _notice(self, picture: Picture, foreground: Mask, people: Mask, boxes: NDArray[np.float64]) -> None:
        """Give to the scene what differs from it and has not changed for long enough."""
        assert self._mean is not None
        same = (_largest(cv2.absdiff(picture, self._other)) < 18) & (foreground > 0)
        self._other_s = np.where(same, self._other_s + np.float32(self._since_notice_s), np.float32(0.0))
        self._other = np.where(same[..., None], self._other, picture)
        if not (self._other_s > GHOST_S).any():
            return
        self._spare_the_living(same, foreground, boxes)
        limit_s = np.where(people > 0, PERSON_S, OBJECT_S)
        limit_s[self._ghosts(picture, foreground)] = GHOST_S
        over = self._other_s > limit_s
        self._mean[over] = picture[over]
        self._other_s[over] = 0.0

    def _spare_the_living(self, same: NDArray[np.bool_], foreground: Mask, boxes: NDArray[np.float64]) -> None:
        """People who stand still sway, and where they do, all of them stays; a parked thing does not stir."""
        for x0, y0, x1, y1 in np.maximum(np.rint(boxes), 0).astype(int).tolist():
            part = (slice(y0, y1), slice(x0, x1))
            there = np.count_nonzero(foreground[part])
            if there and there - np.count_nonzero(same[part]) > ALIVE_SHARE * there:
                np.minimum(self._other_s[part], ALIVE_S, out=self._other_s[part])

    def _ghosts(self, picture: Picture, foreground: Mask) -> NDArray[np.bool_]:
        """Unchanging regions whose outline is an edge of the scene and not of the picture: there the scene is wrong."""
        kernel = np.ones((3, 3), np.uint8)
        still = cv2.compare(self._other_s, GHOST_S, cv2.CMP_GT)
        count, labels = cv2.connectedComponents(cv2.morphologyEx(still, cv2.MORPH_OPEN, kernel))
        grown = cv2.dilate(labels.astype(np.float32), kernel).astype(np.int32)
        rim = cv2.morphologyEx(still, cv2.MORPH_GRADIENT, kernel) > 0
        outline = rim & (cv2.morphologyEx(foreground, cv2.MORPH_GRADIENT, kernel) > 0)
        at = grown[outline]
        size = np.bincount(at, minlength=count) + 1e-9
        edge_now = np.bincount(at, _edges(picture)[outline], minlength=count) / size
        edge_scene = np.bincount(at, _edges(self._scene)[outline], minlength=count) / size
        # The inside of a person who stands still is still too, but its rim is not the rim of the foreground.
        free = size > 0.6 * np.bincount(grown[rim], minlength=count)
        ghostly = free & (edge_scene > 1.4 * edge_now + 8.0)
        ghostly[0] = False
        found: NDArray[np.bool_] = ghostly[grown]
        return found


def _differs(picture: Picture, scene: Picture, noise: Floats) -> Mask:
    threshold = np.clip(5.0 * noise, 14.0, 40.0).astype(np.uint8)
    mask: Mask = cv2.compare(_largest(cv2.absdiff(picture, scene)), threshold, cv2.CMP_GT)
    return mask


def _only_light(picture: Picture, scene: Picture) -> Mask:
    """Pixels, 255, where perhaps only the light differs: around them log(picture / scene) is small and nearly constant.

    A shadow scales the scene by a smooth factor; the outline and the clothes of a person do not (the constancy of the ratio
    in Rosin and Ellis 1995).
    """
    ratio = cv2.LUT(picture, _LOG) - cv2.LUT(scene, _LOG)
    side = (7, 7)
    b, g, r = cv2.split(cv2.boxFilter(ratio, -1, side))
    low, high = cv2.min(cv2.min(b, g), r), cv2.max(cv2.max(b, g), r)
    grey = cv2.transform(ratio, np.full((1, 3), 1 / 3, dtype=np.float32))
    mean = cv2.boxFilter(grey, -1, side)
    variance = cv2.boxFilter(grey * grey, -1, side) - mean * mean
    light = (variance < LIGHT_ROUGH**2) & (mean > -LIGHT_DEPTH) & (mean < 0.25) & (high - low < LIGHT_TINT)
    b, g, r = cv2.split(cv2.blur(ratio, (3, 3)))
    low, high = cv2.min(cv2.min(b, g), r), cv2.max(cv2.max(b, g), r)
    grey = (low > -GREY_DEPTH) & (high < 0) & (high - low < GREY_TINT)
    only_light: Mask = (light | grey).astype(np.uint8) * np.uint8(255)
    return only_light


def _cleaned(raw: Mask, light: Mask) -> Mask:
    mask = cv2.medianBlur(cv2.bitwise_and(raw, cv2.bitwise_not(light)), 3)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    # Plain clothes on a plain wall look like a shadow, but one with an outline: what is enclosed by it belongs to it.
    outside = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    cv2.floodFill(outside, None, (0, 0), 255)
    enclosed = cv2.bitwise_and(cv2.compare(outside[1:-1, 1:-1], 0, cv2.CMP_EQ), raw)
    mask = cv2.medianBlur(cv2.bitwise_or(mask, enclosed), 3)
    cleaned: Mask = cv2.max(mask, cv2.bitwise_and(raw, light) // 255 * np.uint8(UNSURE))
    return cleaned


def _largest(picture: Picture) -> Mask:
    b, g, r = cv2.split(picture)
    largest: Mask = cv2.max(cv2.max(b, g), r)
    return largest


def _edges(picture: Picture) -> Floats:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    edges: Floats = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return edges


def _settled(before: Floats, samples: NDArray[np.uint8]) -> Floats:
    """The median of samples (n, rows, columns, 3); what was believed before stays where too few of them agree on one."""
    n = len(samples)
    median = np.partition(samples, n // 2, axis=0)[n // 2]
    agree = np.zeros(median.shape[:2], dtype=np.int32)
    for sample in samples:
        agree += cv2.compare(_largest(cv2.absdiff(sample, median)), 20, cv2.CMP_LE) > 0
    supported = agree >= AGREED_SHARE * n
    return np.where(supported[..., None], median.astype(np.float32), before)
