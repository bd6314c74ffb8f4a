"""Who listens to the clips: Segue, a baseline without a network, and the teachers.

A listener is described by a small value that can be sent to another process and opened there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np

import segue
from segue.frontend.constants import SAMPLE_RATE
from segue.frontend.mel import Waveform
from segue.networks.models import ModelSet, models_dir
from segue_export.evaluation.hearing import Ear, Heard, rounded
from segue_export.teachers import load_teachers

_COEFFICIENTS: Final = 20
_HEARING: Final = ("analysis", "audio", "frontend", "networks")
"""The rooms of the daemon that decide what is heard."""
_SMALL: Final = ("tempo.json", "beats.json", "key.json")
"""The networks that belong to no set."""
_WINDOWS_AT_ONCE: Final = 4
Hear = Callable[[Waveform], Heard]


class Listener(Protocol):
    """Somebody who can say something about a waveform."""

    @property
    def name(self) -> str:
        """As in the tables."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes with everything that could change an answer; names the file in which answers are kept."""
        ...

    def open(self) -> Hear:
        """What hears, ready to use."""
        ...

    def __hash__(self) -> int:
        """Listeners that are equal hear the same."""
        ...


@dataclass(frozen=True)
class Segue:
    """The daemon's analysis with a folder of models."""

    models: Path

    @property
    def name(self) -> str:
        """See Listener."""
        return "segue"

    @property
    def fingerprint(self) -> str:
        """The id of the set of models, and the code and the small networks that hear."""
        here, root = Path(__file__).parent, Path(segue.__file__).parent
        code = [path for room in _HEARING for path in (root / room).rglob("*.py")]
        small = [models_dir() / name for name in _SMALL]
        digest = code_digest([*code, *small, here / "hearing.py", here / "heads.py"])
        return f"segue-{ModelSet.load(self.models).id}-{digest}"

    def open(self) -> Hear:
        """See Listener. Raises a ModelError when the models cannot be used."""
        return Ear(self.models).hear


@dataclass(frozen=True)
class Mfcc:
    """Mean and standard deviation of twenty MFCCs: what retrieval was before there were networks.

    The baseline of Mandel and Ellis, "Song-level features and support vector machines for music classification" (ISMIR 2005),
    with librosa's defaults.
    """

    @property
    def name(self) -> str:
        """See Listener."""
        return "MFCC"

    @property
    def fingerprint(self) -> str:
        """See Listener."""
        return f"mfcc-{_COEFFICIENTS}"

    def open(self) -> Hear:
        """See Listener."""
        return _mfcc


@dataclass(frozen=True)
class Taught:
    """A teacher: mean embedding and mean logits over its windows, back to back; a short recording is repeated."""

    teacher: str
    folder: Path
    cache: Path

    @property
    def name(self) -> str:
        """See Listener."""
        return self.teacher

    @property
    def fingerprint(self) -> str:
        """See Listener."""
        files = [self.folder / "teachers.py", *self.folder.glob(f"{self.teacher}.*")]
        return f"teacher-{self.teacher}-{code_digest(files)}"

    def open(self) -> Hear:
        """See Listener."""
        (teacher,) = load_teachers(self.folder, self.cache, [self.teacher])

        def hear(wave: Waveform) -> Heard:
            count = max(len(wave) // teacher.samples, 1)
            windows = np.resize(wave, count * teacher.samples).reshape(count, teacher.samples)
            starts = range(0, count, _WINDOWS_AT_ONCE)
            said = [teacher(windows[start : start + _WINDOWS_AT_ONCE]) for start in starts]
            embedding, logits = (np.concatenate([one[place] for one in said]).mean(axis=0) for place in (0, 1))
            named = dict(zip(teacher.tags, rounded(logits), strict=True)) if teacher.tags else {}
            return Heard(duration=len(wave) / SAMPLE_RATE, vector=rounded(embedding), logits=named)

        return hear


@cache
def opened(listener: Listener) -> Hear:
    """What hears for a listener, opened once in a process."""
    return listener.open()


def _mfcc(wave: Waveform) -> Heard:
    import librosa  # noqa: PLC0415  # takes a second, and not every command needs it

    cepstrum = librosa.feature.mfcc(y=wave, sr=SAMPLE_RATE, n_mfcc=_COEFFICIENTS)
    joined = np.concatenate([cepstrum.mean(axis=1), cepstrum.std(axis=1)])
    return Heard(duration=len(wave) / SAMPLE_RATE, vector=rounded(joined))


def code_digest(files: Iterable[Path]) -> str:
    """Eight characters that change when a file does."""
    summed = hashlib.sha256()
    for path in sorted(files):
        summed.update(path.name.encode() + path.read_bytes())
    return summed.hexdigest()[:8]
