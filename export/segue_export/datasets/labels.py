"""What is known of a track: the ``labels`` column of a manifest, a JSON object of which every field is optional."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from segue.keys import KEYS

SHARES: Final = (
    "danceability",
    "energy",
    "valence",
    "acousticness",
    "instrumentalness",
    "liveness",
    "speechiness",
    "voice",
)
"""The fields that go from 0 to 1."""
FASTEST_BPM: Final = 400.0
_LARGEST_METRE: Final = 16


class TrackLabels(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """Labels of one track; what is not known is None (or empty).

    Raises ValueError, from the constructor too, when a value is out of its range.
    """

    tags: tuple[str, ...] = ()
    """Tags that hold."""
    tags_known: tuple[str, ...] | None = None
    """The vocabulary of which every tag that is absent from `tags` does *not* hold; None: nothing is known of absent tags."""
    style: str | None = None
    instruments: tuple[str, ...] = ()
    tempo: float | None = None
    """Beats per minute."""
    tempo_range: tuple[float, float] | None = None
    """Where the tempo lies, from and below, in bpm, when only a band of tempi is known."""
    first_beat: float | None = None
    """Seconds from the beginning of the recording to a beat with which a bar begins."""
    key: str | None = None
    """One of ``segue.keys.KEYS``: ``A minor``, ``A# major``."""
    key_trusted: bool | None = None
    """Whether a listener can hear the key, and it is not only known because it was chosen."""
    metre: int | None = None
    """Beats in a bar."""
    danceability: float | None = None
    energy: float | None = None
    valence: float | None = None
    acousticness: float | None = None
    instrumentalness: float | None = None
    liveness: float | None = None
    speechiness: float | None = None
    voice: float | None = None
    loudness: float | None = None
    """Decibels below full scale."""
    duration: float | None = None
    """Seconds of the whole recording, of which the dataset may hold a part."""

    def __post_init__(self) -> None:
        for name in SHARES:
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is {value}: it goes from 0 to 1")
        self._check_tempo()
        if self.key is not None and self.key not in KEYS:
            raise ValueError(f"key is {self.key!r}: write it with a sharp and its mode, as in 'A# minor'")
        if self.metre is not None and not 1 <= self.metre <= _LARGEST_METRE:
            raise ValueError(f"metre is {self.metre}: beats in a bar go from 1 to {_LARGEST_METRE}")
        if self.first_beat is not None and not 0.0 <= self.first_beat < math.inf:
            raise ValueError(f"first_beat is {self.first_beat}: seconds from the beginning are expected")
        if self.loudness is not None and not math.isfinite(self.loudness):
            raise ValueError("loudness is no finite number of decibels")
        if self.duration is not None and not 0.0 <= self.duration < math.inf:
            raise ValueError(f"duration is {self.duration}: seconds are expected")

    def _check_tempo(self) -> None:
        if self.tempo is not None and not 0.0 < self.tempo <= FASTEST_BPM:
            raise ValueError(f"tempo is {self.tempo}: beats per minute above 0, at most {FASTEST_BPM:g}, are expected")
        if self.tempo_range is not None and not 0.0 <= self.tempo_range[0] < self.tempo_range[1] < math.inf:
            raise ValueError(f"tempo_range is {self.tempo_range}: a lower and a higher tempo are expected")

    def known(self) -> tuple[str, ...]:
        """Names of the fields that say something."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) not in (None, ()))


NO_LABELS: Final = TrackLabels()


def encode_labels(labels: TrackLabels) -> str:
    """Labels as one line of JSON, empty for none."""
    return "" if labels == NO_LABELS else msgspec.json.encode(labels).decode()


def decode_labels(text: str) -> TrackLabels:
    """Labels of one line of JSON. Raises ValueError that names the field when one is wrong."""
    try:
        return msgspec.json.decode(text, type=TrackLabels) if text else NO_LABELS
    except msgspec.MsgspecError as error:
        raise ValueError(f"labels: {error}") from error
