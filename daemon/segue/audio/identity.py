"""Which recording a file holds, whatever its name and tags say: a hash of the encoded audio."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream
from av.packet import Packet

from segue.audio.container import open_audio, packets
from segue.errors import NotAudioError

_DIGEST_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class AudioIdentity:
    """The audio of one file."""

    identity: str
    """Forty hexadecimal digits; the same for every moved, renamed, copied or retagged file of the recording."""
    duration: float
    """Seconds, as the packets say, or else the container; 0 when neither does."""


def identify(path: Path) -> AudioIdentity:
    """Hash the audio packets of a file, without decoding them.

    Packets are hashed one after another without their borders, for tags in front of the audio may move the borders.
    Raises FileMissingError, FileUnreadableError, NotAudioError and DamagedAudioError.
    """
    with open_audio(path) as (container, stream):
        digest = blake2b(_signature(stream), digest_size=_DIGEST_BYTES)
        size, seconds = 0, 0.0
        for packet in _whole(packets(container, stream)):
            digest.update(packet)
            size += packet.size
            if packet.duration and packet.time_base:
                seconds += float(packet.duration * packet.time_base)
        if size == 0:
            raise NotAudioError(f"{path.name} holds no audio, only its frame: get it or export it anew.")
        return AudioIdentity(digest.hexdigest(), seconds or _container_seconds(container.duration))


def _signature(stream: AudioStream) -> bytes:
    # The same samples at another rate are another recording, and in raw PCM nothing else tells them apart.
    context = stream.codec_context
    return f"{context.name} {context.sample_rate} {context.layout.nb_channels}".encode()


def _whole(packets: Iterable[Packet[AudioStream] | None]) -> Iterable[Packet[AudioStream]]:
    return (packet for packet in packets if packet is not None and packet.size)


def _container_seconds(duration: int | None) -> float:
    return max((duration or 0) / 1_000_000, 0.0)
