"""A collection that was listened to: clips, answers, and the vectors that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from segue_export.evaluation.clips import NO_LABELS, Clip, known_genre
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
        """The known genre of each clip."""
        return [known_genre(clip.genre, clip.labels) for clip in self.clips]

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
        return [place for place in range(len(self.clips)) if all(len(one[place].others) == 2 for one in every)]

    @cached_property
    def excerpt_vectors(self) -> dict[str, Array]:
        """The same for the excerpts of the clips in `with_excerpts`, two rows for each clip."""
        return self._compared(
            {
                name: [heard for place in self.with_excerpts for heard in answers[place].others]
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


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, npt.NDArray[np.float64]]:
    """Values by name, each (rows,)."""
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


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
            f"fewer than two clips could be heard, so nothing can be compared ({detail or f'there are {len(clips)} in all'})"
        )
    kept = {name: [answers[place] for place in good] for name, answers in heard.items()}
    return Collection([clips[place] for place in good], kept, teachers), sorted({error for error in errors if error})


class _Line(msgspec.Struct):
    """What is read of a line that ``segue analyse --json --vector`` printed."""

    path: str
    model: str = ""
    vector: list[float] | None = None
    duration: float = 0.0
    bpm: float | None = None
    key: str | None = None
    energy: float = 0.0
    loudness: float = 0.0
    tags: dict[str, float] = {}
    features: dict[str, float] = {}
    error: dict[str, str] | None = None


class Lines(NamedTuple):
    """The output of ``segue analyse --json --vector``, read."""

    clips: list[Clip]
    """Their genre is the file's folder."""
    answers: list[Answer]
    model: str
    """Id of the set of models."""


def read_lines(path: Path) -> Lines:
    """Read the output of ``segue analyse --json --vector``. Raises ValueError that names the line when one is wrong."""
    numbered = [(number, text) for number, text in enumerate(path.read_bytes().splitlines(), 1) if text.strip()]
    lines = [_decoded(path, number, text) for number, text in numbered]
    models = sorted({line.model for line in lines if line.error is None})
    if len(models) > 1:
        raise ValueError(f"{path} holds vectors of {len(models)} sets of models: analyse all files with the same one")
    pairs = [_answered(line) for line in lines]
    return Lines([clip for clip, _ in pairs], [answer for _, answer in pairs], "".join(models))


def _decoded(path: Path, number: int, text: bytes) -> _Line:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}, line {number} is no output of `segue analyse --json --vector`: {error}") from error
    if line.error is None and not line.vector:
        raise ValueError(f"{path}, line {number} has no vector: run `segue analyse --json --vector`")
    return line


def _answered(line: _Line) -> tuple[Clip, Answer]:
    file = Path(line.path)
    clip = Clip(line.path, line.path, file.parent.name or None, NO_LABELS, line.path, file)
    if line.error is not None:
        return clip, Answer(line.path, error=f"{line.path}: {line.error.get('message', 'could not be analysed')}")
    return clip, Answer(line.path, msgspec.convert(msgspec.to_builtins(line), Heard))
