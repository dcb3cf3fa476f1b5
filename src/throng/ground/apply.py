"""Tracks on the ground."""

from dataclasses import replace

import numpy as np

from throng.data.ground_map import GroundMap
from throng.data.tracks import Tracks


def on_ground(tracks: Tracks, ground: GroundMap) -> Tracks:
    """The same tracks with their places on the ground, metres.

    A person stands where the box ends: the middle of its lower edge is mapped, also where the centre of the box is what counts
    in the picture. Whoever's feet are on or above the horizon stands nowhere on the ground and is left out of this moment, as a
    track that is unseen for a moment is; `ended_ids` is unchanged.

    Parameters
    ----------
    tracks : Tracks
        With or without places on the ground.
    ground : GroundMap
        Of the camera that the tracks come from.
    """
    feet_px = np.column_stack([tracks.boxes_px[:, [0, 2]].mean(axis=1), tracks.boxes_px[:, 3]])
    feet_m, standing = ground.to_ground(feet_px)
    return replace(
        tracks,
        ids=tracks.ids[standing],
        boxes_px=tracks.boxes_px[standing],
        xy_image_px=tracks.xy_image_px[standing],
        xy_ground_m=feet_m[standing],
        seen=tracks.seen[standing],
        begin_image_px=tracks.begin_image_px[standing],
    )
