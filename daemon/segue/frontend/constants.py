"""The constants of the signal chain, written once.

They travel in every model's manifest; a model whose manifest disagrees is refused (see `segue.networks.manifest`).
"""

from typing import Final

SAMPLE_RATE: Final = 16_000
"""Samples a second of every waveform inside Segue, mono float32."""
N_FFT: Final = 512
"""Samples of one STFT frame (Hann window)."""
HOP: Final = 256
"""Samples between two STFT frames: 62.5 frames a second."""
CRNN_MELS: Final = 96
"""Mel bands of the tagger (Choi et al. 2017)."""
CRNN_SECONDS: Final = 29
"""Length of one tagger window."""
CRNN_FRAMES: Final = CRNN_SECONDS * SAMPLE_RATE // HOP + 1
"""Mel frames of one tagger window: 1813."""
CHUNK_MELS: Final = 128
"""Mel bands of the Short-Chunk network (Won et al. 2020)."""
CHUNK_SAMPLES: Final = 59_049
"""Samples of one chunk: 3.69 s."""
CHUNK_FRAMES: Final = CHUNK_SAMPLES // HOP + 1
"""Mel frames of one chunk: 231."""
FRAME_RATE: Final = SAMPLE_RATE / HOP
"""STFT frames a second: 62.5."""
MEL_FLOOR: Final = 1e-10
"""Mel power below this is raised to it before the logarithm: -100 dB."""
