"""A collection that was listened to: clips, answers, and the vectors that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from segue_export.evaluation.clips import NO_LABELS, Clip
from segue_export.evaluation.genres import genre_of
from segue_export.evaluation.hearing import Heard
from segue_export.evaluation.listening import Answer
from segue_export.evaluation.retrieval import standardised
from segue_export.shards import TrackLabels

Array = npt.NDArray[np.float32]
SEGUE: Final = "segue"
TEACHERS: Final = "teachers, joined"
_RANDOM_DIM: Final = 32


@dataclass(frozen=True)
class Collection:
    """Clips that every listener could hear, with what each said."""

    clips: Sequence[Clip]
    heard: Mapping[str, Sequence[Answer]]
    """By the listener's name; one answer for each clip. Segue is always there."""
    teachers: Sequence[str] = ()
    """Which of the listeners are teachers."""

    @property
    def groups(self) -> list[str]:
        """Group of each clip."""
        return [clip.group for clip in self.clips]

    @property
    def labels(self) -> list[TrackLabels]:
        """Labels of each clip."""
        return [clip.labels for clip in self.clips]

    @cached_property
    def genres(self) -> list[str | None]:
        """The known genre of each clip, by its style or folder or else its first tag that is a genre."""
        return [_known_genre(clip) for clip in self.clips]

    def whole(self, listener: str = SEGUE) -> list[Heard]:
        """What a listener says of each clip."""
        return [answer.whole for answer in self.heard[listener] if answer.whole is not None]

    @cached_property
    def vectors(self) -> dict[str, Array]:
        """What is compared side by side, each (clips, dim)."""
        return self._compared({name: self.whole(name) for name in self.heard})

    @cached_property
    def with_excerpts(self) -> list[int]:
        """Places of the clips that were long enough for two excerpts."""
        every = list(self.heard.values())
        return [place for place in range(len(self.clips)) if all(len(one[place].excerpts) == 2 for one in every)]

    @cached_property
    def excerpt_vectors(self) -> dict[str, Array]:
        """The same for the excerpts of the clips in `with_excerpts`, two rows for each clip."""
        return self._compared(
            {
                name: [heard for place in self.with_excerpts for heard in answers[place].excerpts]
                for name, answers in self.heard.items()
            }
        )

    def _compared(self, heard: Mapping[str, Sequence[Heard]]) -> dict[str, Array]:
        ours = heard[SEGUE]
        found = {SEGUE: matrix([one.vector for one in ours])}
        for part in ours[0].parts if ours else ():
            found[f"part: {part}"] = matrix([one.parts[part] for one in ours])
        for name in heard:
            if name != SEGUE:
                found[name] = standardised(matrix([one.vector for one in heard[name]]))
        if len(self.teachers) > 1:
            found[TEACHERS] = np.concatenate([found[name] for name in self.teachers], axis=1)
        found["random"] = np.random.default_rng(1).standard_normal((len(ours), _RANDOM_DIM)).astype(np.float32)
        return found


def matrix(rows: Sequence[Sequence[float]]) -> Array:
    """Vectors of one length as a matrix. ValueError when they differ in length, or there is none."""
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise ValueError("the clips' vectors differ in length: they were made with different models, or have none")
    return np.array(rows, dtype=np.float32)


def gather(
    clips: Sequence[Clip], heard: Mapping[str, Sequence[Answer]], teachers: Sequence[str] = ()
) -> tuple[Collection, list[str]]:
    """A collection of the clips that everybody could hear, and what was wrong with the others, one line each.

    Raises ValueError when fewer than two clips are left.
    """
    good = [place for place in range(len(clips)) if all(answers[place].whole for answers in heard.values())]
    errors = [answers[place].error for place in range(len(clips)) for answers in heard.values()]
    if len(good) < 2:
        detail = "; ".join([error for error in errors if error][:3])
        raise ValueError(
            f"fewer than two clips could be heard, so nothing can be compared ({detail or 'there are none'})"
        )
    kept = {name: [answers[place] for place in good] for name, answers in heard.items()}
    return Collection([clips[place] for place in good], kept, teachers), sorted({error for error in errors if error})


class _Line(msgspec.Struct):
    """What is read of a line that ``segue analyse --json --vector`` printed."""

    path: str
    vector: list[float] | None = None
    duration: float = 0.0
    bpm: float | None = None
    key: str | None = None
    energy: float = 0.0
    loudness: float = 0.0
    tags: dict[str, float] = {}
    features: dict[str, float] = {}
    error: dict[str, str] | None = None


def read_lines(path: Path) -> tuple[list[Clip], list[Answer]]:
    """Clips and Segue's answers from the output of ``segue analyse --json --vector``; the genre is the file's folder.

    Raises ValueError that names the line when one is wrong.
    """
    clips, answers = [], []
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        if text.strip():
            clip, answer = _read_line(path, number, text)
            clips.append(clip)
            answers.append(answer)
    return clips, answers


def _read_line(path: Path, number: int, text: bytes) -> tuple[Clip, Answer]:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}, line {number} is no output of `segue analyse --json --vector`: {error}") from error
    if line.error is None and not line.vector:
        raise ValueError(f"{path}, line {number} has no vector: run `segue analyse --json --vector`")
    file = Path(line.path)
    clip = Clip(line.path, line.path, file.parent.name or None, NO_LABELS, line.path, file)
    if line.error is not None:
        return clip, Answer(line.path, error=f"{line.path}: {line.error.get('message', 'could not be analysed')}")
    heard = Heard(
        duration=line.duration,
        bpm=line.bpm,
        key=line.key,
        energy=line.energy,
        loudness=line.loudness,
        tags=line.tags,
        features=line.features,
        vector=line.vector or [],
    )
    return clip, Answer(line.path, heard)


def _known_genre(clip: Clip) -> str | None:
    names = [clip.genre or "", *clip.labels.tags]
    return next((genre for name in names if (genre := genre_of(name)) is not None), None)
