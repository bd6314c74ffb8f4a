"""Tempo, key and metre, read from the early maps of the Short-Chunk network, where time and pitch still stand apart.

Seven halvings leave two frames and one band, of which the largest is taken: what repeats how often, and at which pitch, is gone by
then. After the second block a frame is 64 ms and a band a thirty-second of the spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 2
"""The branch hears what this many blocks hear."""
MAP_BANDS, MAP_FRAMES = 32, 58
"""Size of their maps."""
BANDS = 4
"""Parts of the spectrum whose rhythm is heard apart."""
_BINS = 60
_LENGTH = 128
"""Frames of the padded transform: a bin is 0.12 Hz, 60 bins reach to 7.3 Hz."""
_VOICES = 16
_RHYTHM, _PITCH = 96, 64


class Musical(nn.Module):
    """Logits of the classes of tempo, key and metre from early maps (batch, channels, 32, 58).

    Tempo and metre come from the power spectrum over time of each channel in four parts of the spectrum; key from each channel's mean
    over time in each band.
    """

    cosine: Tensor
    sine: Tensor

    def __init__(self, channels: int, classes: Sequence[int]) -> None:
        super().__init__()
        tempo, key, metre = classes
        time = torch.arange(MAP_FRAMES, dtype=torch.float64)
        angle = torch.outer(time, torch.arange(_BINS, dtype=torch.float64)) * (2 * torch.pi / _LENGTH)
        window = torch.hann_window(MAP_FRAMES, periodic=False, dtype=torch.float64)[:, None]
        self.register_buffer("cosine", (window * angle.cos()).float(), persistent=False)
        self.register_buffer("sine", (window * angle.sin()).float(), persistent=False)
        self.rhythm_norm = nn.BatchNorm1d(channels * BANDS * _BINS)
        self.voices = nn.Linear(channels * BANDS, _VOICES)
        self.rhythm = nn.Linear(_VOICES * _BINS, _RHYTHM)
        self.tempo, self.metre = nn.Linear(_RHYTHM, tempo), nn.Linear(_RHYTHM, metre)
        self.pitch_norm = nn.BatchNorm1d(channels * MAP_BANDS)
        self.pitch = nn.Linear(channels * MAP_BANDS, _PITCH)
        self.key = nn.Linear(_PITCH, key)
        self.dropout = nn.Dropout(0.3)

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of tempo, key and metre."""
        with torch.autocast(maps.device.type, enabled=False):  # squares of sums lose too much in bfloat16
            return self.read(*self.hear(maps.float()))

    def hear(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """What repeats (batch, channels x 4 x 60), and which pitches sound (batch, channels x 32); nothing here is learnt."""
        series = F.avg_pool2d(maps, (MAP_BANDS // BANDS, 1)).flatten(1, 2)
        series = series - series.mean(2, keepdim=True)
        power = (series @ self.cosine) ** 2 + (series @ self.sine) ** 2
        return torch.log(power + 0.1).flatten(1), maps.mean(3).flatten(1)

    def read(self, rhythm: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of tempo, key and metre of what was heard."""
        spectra = self.rhythm_norm(rhythm).reshape(-1, self.voices.in_features, _BINS).transpose(1, 2)
        voices = torch.relu(self.voices(self.dropout(spectra)))
        beat = self.dropout(torch.relu(self.rhythm(self.dropout(voices.flatten(1)))))
        chord = torch.relu(self.pitch(self.dropout(self.pitch_norm(pitch))))
        return self.tempo(beat), self.key(self.dropout(chord)), self.metre(beat)
