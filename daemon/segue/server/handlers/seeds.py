"""From a question to an answer on the wire: paths checked, seeds and rankings made into messages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segue.analysis.result import Probe, TrackAnalysis
from segue.errors import FileMissingError, FileUnreadableError, NotAudioError, PathNotAllowedError, TrackNotFoundError
from segue.keys import camelot, camelot_number
from segue.library.paths import found, shown
from segue.library.store import Library
from segue.library.values import exact
from segue.protocol.messages import MixPoint, Seed, Suggestions, Value
from segue.recommend.recommender import ProbeSeed, Ranking
from segue.server.handlers.answers import Lanes, Told, rounded
from segue.server.router import Origin


def audio_path(text: str, origin: Origin, folders: Sequence[Path]) -> Path:
    """An absolute path of a regular file that this client may have read.

    A client on this machine's private socket has the same rights as the daemon's user; over TCP only files below the
    watched folders may be named. Raises PathNotAllowedError, FileMissingError, FileUnreadableError or NotAudioError.
    """
    path = Path(found(text))
    if not path.is_absolute() or "\0" in text:
        raise FileMissingError(f"“{text}” is not an absolute path.")
    if not origin.local and not any(Path(os.path.realpath(path)).is_relative_to(folder) for folder in folders):
        raise PathNotAllowedError(f"{text} is not below a watched folder.")
    try:
        if not path.exists():
            raise FileMissingError(f"There is no file {text}.")
        if not path.is_file():
            raise NotAudioError(f"{text} is not an audio file but a folder or a device.")
    except OSError as error:
        raise FileUnreadableError(f"{text} cannot be read: {error.strerror}.") from error
    return path


def after_track(
    library: Library, track: int, ranking: Ranking, lanes: Lanes = (), notes: Sequence[str] = ()
) -> Suggestions:
    """The answer for a track of the library, with further ``notes``; TrackNotFoundError when it was forgotten meanwhile."""
    told = Told.read(library, [ranking, *(lane for _, lane in lanes)], track)
    if track not in told.briefs:
        raise TrackNotFoundError(f"Track #{track} is no longer in the library.")
    seed = told.briefs[track]
    return told.answer(
        Seed(
            id=seed.id,
            path=seed.path,
            title=seed.title,
            artist=seed.artist,
            bpm=rounded(seed.bpm, 2),
            camelot=seed.camelot,
            energy=rounded(seed.energy, 1),
            duration=rounded(seed.duration, 2),
            tags=list(ranking.tags),
            notes=[*ranking.notes, *told.doubts.get(track, []), *notes],
            rate=ranking.rate,
            mix_out=told.points[track].mix_out if track in told.points else None,
        ),
        ranking,
        lanes,
    )


def like_many(library: Library, name: str, ranking: Ranking) -> Suggestions:
    """The answer for a crate or a playlist that nothing is mixed from."""
    seed = Seed(
        id=None,
        path="",
        title=name,
        artist=None,
        bpm=None,
        camelot=None,
        energy=None,
        duration=None,
        tags=list(ranking.tags),
    )
    return Told.read(library, [ranking]).answer(seed, ranking)


def asked_by_file(probe: Probe, analysis: TrackAnalysis) -> ProbeSeed:
    """What suggestions for a file are made of: its analysis, outranked by what its own tags say."""
    seed = ProbeSeed.of(analysis)
    if probe.tags.bpm is not None:
        seed = replace(seed, bpm=_tempo(probe, analysis), bpm_confidence=1.0)
    if probe.tags.key is not None:
        seed = replace(seed, camelot=camelot_number(camelot(probe.tags.key)), key_confidence=1.0)
    return seed if probe.tags.energy is None else replace(seed, energy=probe.tags.energy)


def _tempo(probe: Probe, analysis: TrackAnalysis) -> float | None:
    """What the file says, made exact by what we hear where it is rounded; else what we hear."""
    ours = (
        None
        if analysis.tempo.bpm is None
        else Value(value=analysis.tempo.bpm, source="segue", confidence=analysis.tempo.confidence)
    )
    if probe.tags.bpm is None:
        return analysis.tempo.bpm
    return exact(round(probe.tags.bpm) if probe.tags.bpm_rounded else probe.tags.bpm, ours)


def after_file(
    library: Library, path: Path, probe: Probe, analysis: TrackAnalysis, ranking: Ranking, lanes: Lanes = ()
) -> Suggestions:
    """The answer for a file that is in no library."""
    notes = list(ranking.notes)
    if analysis.damaged:
        notes.append("partly damaged: only what could be decoded counts")
    seed = Seed(
        id=None,
        path=shown(path),
        title=probe.tags.title or shown(path.stem),
        artist=probe.tags.artist,
        bpm=rounded(_tempo(probe, analysis), 2),
        camelot=camelot(probe.tags.key) if probe.tags.key else analysis.key.camelot,
        energy=rounded(probe.tags.energy or analysis.energy, 1),
        duration=rounded(analysis.duration, 2),
        tags=list(ranking.tags),
        notes=notes,
        rate=ranking.rate,
        mix_out=_mix_out(analysis),
    )
    return Told.read(library, [ranking, *(lane for _, lane in lanes)]).answer(seed, ranking, lanes)


def _mix_out(analysis: TrackAnalysis) -> MixPoint | None:
    point = None if analysis.structure is None else analysis.structure.mix_out
    return None if point is None else MixPoint(at=rounded(point.at, 2) or 0.0, bars=point.bars)
