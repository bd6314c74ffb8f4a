"""Listening to a collection once: answers are kept on disk, and a second run hears only what is new."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from segue.errors import SegueError
from segue.frontend.constants import CRNN_SECONDS, SAMPLE_RATE
from segue.frontend.mel import Waveform
from segue_export.evaluation.changes import CHANGES
from segue_export.evaluation.clips import Clip, middle
from segue_export.evaluation.hearing import Heard
from segue_export.evaluation.listeners import Listener, code_digest, opened
from segue_export.interrupts import deaf_to_interrupts

Others = Literal["", "excerpts", "changes"]
Progress = Callable[[str, int, int], None]
"""Called with the listener's name, how many clips are done, and of how many."""
_CHANGES_FILE: Final = Path(__file__).parent / "changes.py"
_SHORTEST_EXCERPT: Final = 5 * SAMPLE_RATE


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one listener says of one clip."""

    digest: str
    whole: Heard | None = None
    others: list[Heard] = []
    """Of the other versions that the task asks for."""
    error: str = ""
    """Why the clip could not be heard."""


class Task(NamedTuple):
    """What to listen to in every clip."""

    listener: Listener
    seconds: float | None
    """Only the middle of a longer clip; None: all of it, as the daemon does."""
    others: Others = ""
    """Other versions to hear: ``excerpts`` (two that do not overlap; none of a clip that is too short), ``changes`` (all of
    `segue_export.evaluation.changes`, in order)."""


@dataclass(frozen=True)
class Archive:
    """Answers kept in a folder, one file of JSON lines for each listener and manner of listening."""

    folder: Path

    def path(self, task: Task) -> Path:
        """The file for a task."""
        length = "whole" if task.seconds is None else f"{task.seconds:g}s"
        others = {"": "", "excerpts": "-excerpts", "changes": f"-changes-{code_digest([_CHANGES_FILE])}"}[task.others]
        return self.folder / f"{task.listener.fingerprint}-{length}{others}.jsonl"

    def read(self, task: Task) -> dict[str, Answer]:
        """Answers by the digest of the clip. A line that an interruption cut short is as good as none."""
        path = self.path(task)
        found = {}
        for line in path.read_bytes().splitlines() if path.exists() else ():
            try:
                answer = msgspec.json.decode(line, type=Answer)
            except msgspec.DecodeError:
                continue
            found[answer.digest] = answer
        return found

    def append(self, task: Task, answer: Answer) -> None:
        """Keep an answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.path(task).open("ab") as file:
            # The newline in front ends what an interruption may have left.
            file.write(b"\n" + msgspec.json.encode(answer) + b"\n")


def listen(clips: Sequence[Clip], task: Task, archive: Archive, jobs: int, progress: Progress) -> list[Answer]:
    """One answer for each clip, in their order; what was heard before is not heard again."""
    known = archive.read(task)
    new = {clip.digest: clip for clip in clips if clip.digest not in known}
    for number, answer in enumerate(_hear_all(list(new.values()), task, jobs), 1):
        archive.append(task, answer)
        known[answer.digest] = answer
        progress(task.listener.name, number, len(new))
    return [known[clip.digest] for clip in clips]


def _hear_all(clips: list[Clip], task: Task, jobs: int) -> Iterator[Answer]:
    hear = partial(hear_clip, task)
    if jobs <= 1 or len(clips) < 2:
        yield from map(hear, clips)
        return
    with deaf_to_interrupts():
        pool = multiprocessing.get_context("spawn").Pool(min(jobs, len(clips)))
    with pool:
        yield from pool.imap(hear, clips)


def hear_clip(task: Task, clip: Clip) -> Answer:
    """What the task's listener says of one clip; a clip that cannot be decoded has an error instead."""
    hear = opened(task.listener)
    try:
        wave = clip.wave()
    except (SegueError, OSError) as error:
        return Answer(clip.digest, error=f"{clip.name}: {error}")
    if not len(wave):
        return Answer(clip.digest, error=f"{clip.name}: there is no sound in it")
    try:
        heard = wave if task.seconds is None else middle(wave, task.seconds)
        answer = Answer(clip.digest, hear(heard), [hear(other) for other in _others(task, wave, heard)])
    except SegueError as error:
        return Answer(clip.digest, error=f"{clip.name}: {error}")
    return answer


def _others(task: Task, wave: Waveform, heard: Waveform) -> Iterator[Waveform]:
    if task.others == "excerpts":
        yield from excerpts(wave)
    elif task.others == "changes":
        for change in CHANGES:
            yield change.apply(heard)


def excerpts(wave: Waveform) -> list[Waveform]:
    """Two stretches without overlap: of 29 s at a quarter and at three quarters, of a short recording its halves."""
    length = min(CRNN_SECONDS * SAMPLE_RATE, len(wave) // 2)
    if length < _SHORTEST_EXCERPT:
        return []
    room = len(wave) - length
    starts = (room // 4, room // 4 * 3) if len(wave) >= 3 * length else (0, room)
    return [wave[start : start + length] for start in starts]
