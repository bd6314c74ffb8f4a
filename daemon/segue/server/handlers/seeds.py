"""From a question to an answer on the wire: paths checked, seeds and rankings made into messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segue.analysis.result import Probe, TrackAnalysis
from segue.errors import FileMissingError, FileUnreadableError, NotAudioError, PathNotAllowedError
from segue.keys import camelot, camelot_number
from segue.library.store import Library
from segue.protocol.messages import Seed, Suggestion, Suggestions, Track
from segue.recommend.recommender import ProbeSeed, Ranked, Ranking
from segue.server.router import Origin


def audio_path(text: str, origin: Origin, folders: Sequence[Path]) -> Path:
    """An absolute path of a regular file that this client may have read.

    A client on this machine's private socket has the same rights as the daemon's user; over TCP only files below the
    watched folders may be named. Raises PathNotAllowedError, FileMissingError, FileUnreadableError or NotAudioError.
    """
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise FileMissingError(f"“{text}” is not an absolute path.")
    if not origin.local and not any(path.resolve().is_relative_to(folder) for folder in folders):
        raise PathNotAllowedError(f"{text} is not below a watched folder.")
    try:
        if not path.exists():
            raise FileMissingError(f"There is no file {text}.")
        if not path.is_file():
            raise NotAudioError(f"{text} is not an audio file but a folder or a device.")
    except OSError as error:
        raise FileUnreadableError(f"{text} cannot be read: {error.strerror}.") from error
    return path


def seed_of_track(track: Track, ranking: Ranking) -> Seed:
    """The seed message of a track of the library."""
    return Seed(
        id=track.id,
        path=track.path,
        title=track.title,
        artist=track.artist,
        bpm=_rounded(track.bpm, 2),
        camelot=track.camelot,
        energy=_rounded(track.energy, 1),
        duration=_rounded(track.duration, 2),
        tags=list(ranking.tags),
        notes=list(ranking.notes),
    )


def asked_by_file(probe: Probe, analysis: TrackAnalysis) -> ProbeSeed:
    """What suggestions for a file are made of: its analysis, outranked by what its own tags say."""
    seed = ProbeSeed.of(analysis)
    if probe.tags.bpm is not None:
        seed = replace(seed, bpm=probe.tags.bpm, bpm_confidence=1.0)
    if probe.tags.key is not None:
        seed = replace(seed, camelot=camelot_number(camelot(probe.tags.key)), key_confidence=1.0)
    return seed


def seed_of_file(path: Path, probe: Probe, analysis: TrackAnalysis, ranking: Ranking) -> Seed:
    """The seed message of a file that is in no library."""
    notes = list(ranking.notes)
    if analysis.damaged:
        notes.append("partly damaged: only what could be decoded counts")
    return Seed(
        id=None,
        path=str(path),
        title=probe.tags.title or path.stem,
        artist=probe.tags.artist,
        bpm=_rounded(probe.tags.bpm or analysis.tempo.bpm, 2),
        camelot=camelot(probe.tags.key) if probe.tags.key else analysis.key.camelot,
        energy=_rounded(analysis.energy, 1),
        duration=_rounded(analysis.duration, 2),
        tags=list(ranking.tags),
        notes=notes,
    )


def suggestions(library: Library, seed: Seed, ranking: Ranking) -> Suggestions:
    """The ranked ids joined with what the library knows of them."""
    # A track may have been forgotten between the ranking and now: it is left out.
    tracks = {track.id: track for track in library.tracks([ranked.id for ranked in ranking.suggestions])}
    return Suggestions(
        seed=seed,
        suggestions=[_suggestion(tracks[ranked.id], ranked) for ranked in ranking.suggestions if ranked.id in tracks],
        relaxed=list(ranking.relaxed),
        search=ranking.search,
    )


def _suggestion(track: Track, ranked: Ranked) -> Suggestion:
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
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
