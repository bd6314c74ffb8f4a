"""From a question to an answer on the wire: paths checked, seeds and rankings made into messages."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from segue.analysis.result import Probe, TrackAnalysis
from segue.errors import FileMissingError, FileUnreadableError, NotAudioError, PathNotAllowedError, TrackNotFoundError
from segue.keys import camelot, camelot_number
from segue.library.paths import found, shown
from segue.library.store import Library
from segue.library.tracks import Brief
from segue.library.values import exact
from segue.protocol.messages import Seed, Suggestion, Suggestions, Value
from segue.recommend.recommender import ProbeSeed, Ranked, Ranking
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


def after_track(library: Library, track: int, ranking: Ranking) -> Suggestions:
    """The answer for a track of the library; TrackNotFoundError when it was forgotten meanwhile."""
    found = {brief.id: brief for brief in library.brief([track, *(ranked.id for ranked in ranking.suggestions)])}
    if track not in found:
        raise TrackNotFoundError(f"Track #{track} is no longer in the library.")
    seed, doubts = found[track], _disagreements(library, [track, *(ranked.id for ranked in ranking.suggestions)])
    return _answer(
        Seed(
            id=seed.id,
            path=seed.path,
            title=seed.title,
            artist=seed.artist,
            bpm=_rounded(seed.bpm, 2),
            camelot=seed.camelot,
            energy=_rounded(seed.energy, 1),
            duration=_rounded(seed.duration, 2),
            tags=list(ranking.tags),
            notes=[*ranking.notes, *doubts.get(track, [])],
            rate=ranking.rate,
        ),
        found,
        ranking,
        doubts,
    )


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


def after_file(library: Library, path: Path, probe: Probe, analysis: TrackAnalysis, ranking: Ranking) -> Suggestions:
    """The answer for a file that is in no library."""
    notes = list(ranking.notes)
    if analysis.damaged:
        notes.append("partly damaged: only what could be decoded counts")
    seed = Seed(
        id=None,
        path=shown(path),
        title=probe.tags.title or shown(path.stem),
        artist=probe.tags.artist,
        bpm=_rounded(_tempo(probe, analysis), 2),
        camelot=camelot(probe.tags.key) if probe.tags.key else analysis.key.camelot,
        energy=_rounded(probe.tags.energy or analysis.energy, 1),
        duration=_rounded(analysis.duration, 2),
        tags=list(ranking.tags),
        notes=notes,
        rate=ranking.rate,
    )
    found = {brief.id: brief for brief in library.brief([ranked.id for ranked in ranking.suggestions])}
    return _answer(seed, found, ranking, _disagreements(library, list(found)))


def _disagreements(library: Library, ids: Sequence[int]) -> dict[int, list[str]]:
    """What the sources of some tracks disagree on, in words; that an estimate is unsure is said elsewhere."""
    return {
        track: [doubt.text for doubt in doubts if doubt.other_source is not None]
        for track, doubts in library.doubts(ids).items()
    }


def _answer(seed: Seed, found: Mapping[int, Brief], ranking: Ranking, doubts: Mapping[int, list[str]]) -> Suggestions:
    # A track may have been forgotten between the ranking and now: it is left out.
    known = [ranked for ranked in ranking.suggestions if ranked.id in found]
    return Suggestions(
        seed=seed,
        suggestions=[_suggestion(found[ranked.id], ranked, doubts.get(ranked.id, [])) for ranked in known],
        relaxed=list(ranking.relaxed),
        search=ranking.search,
    )


def _suggestion(track: Brief, ranked: Ranked, notes: list[str]) -> Suggestion:
    return Suggestion(
        id=ranked.id,
        path=track.path,
        title=track.title,
        artist=track.artist,
        bpm=_rounded(track.bpm, 2),
        camelot=track.camelot,
        energy=_rounded(track.energy, 1),
        duration=_rounded(track.duration, 2),
        similarity=round(ranked.similarity, 4),
        score=round(ranked.score, 4),
        tags_in_common=list(ranked.tags_in_common),
        why=ranked.why,
        notes=notes,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
