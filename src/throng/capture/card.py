"""Decoding on a card, where this machine has one that FFmpeg can use."""

from typing import Literal

import av
from av import error as av_error
from av.codec.hwaccel import HWAccel, hwdevices_available

Decoding = Literal["processor", "card"]

NONE_OPENS = "decoded by the processor: no card that FFmpeg can decode on opens here, as throng doctor shows"
NOT_TAKEN = "decoded by the processor: the card of this machine does not take what the camera sends"


def first_card() -> HWAccel | None:
    """The first of FFmpeg's devices that opens here and decodes H.264, as the decoder is to be told; None where none does.

    It is tried each time: a driver may go and come back while cameras run, and one that is full opens no more.
    """
    for name in hwdevices_available():
        card = HWAccel(device_type=name, allow_software_fallback=True)
        try:
            opens = av.CodecContext.create("h264", "r", hwaccel=card).is_hwaccel
        except av_error.FFmpegError:
            continue
        if opens:
            return card
    return None


def decodes_on_card(decoder: av.VideoCodecContext) -> bool:
    """Whether a decoder that has given a picture made it on a card.

    FFmpeg goes over to the processor by itself where the card knows the codec and not its profile; only the format tells.
    """
    of_cards = {config.format.name for config in decoder.codec.hardware_configs or () if config.format is not None}
    return decoder.is_hwaccel and decoder.pix_fmt in of_cards
