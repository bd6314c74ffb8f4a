"""Answers as tables that can be read at 80 columns, at two in the morning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from segue.cli.output import clean, minutes, plural
from segue.protocol.messages import (
    Crate,
    FileFailure,
    Folder,
    PlayList,
    Seed,
    Suggestion,
    Suggestions,
    Track,
)

_BAR_CELLS: Final = 6
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_WAYS: Final = {"same time": "", "half time": "x2 ", "double time": "/2 ", "3:2 time": "3:2 ", "2:3 time": "2:3 "}
_LANES: Final = {
    "best": "Best",
    "stay": "Stay: keep the floor where it is",
    "lift": "Lift: more energy",
    "ease": "Ease: less energy",
    "turn": "Turn: another sound that mixes",
    "rescue": "Rescue: what has worked before",
}


def suggestions_table(answer: Suggestions) -> Group:
    """The seed in a line, and what to play next: in lanes where there are some, else in one list."""
    parts: list[RenderableType] = [_seed(answer.seed), Text()]
    if answer.lanes:
        for lane in answer.lanes:
            parts += [
                Text(_LANES[lane.lane], style="bold cyan"),
                *_list(answer.seed, lane.suggestions, lane.relaxed),
                Text(),
            ]
    else:
        parts += _list(answer.seed, answer.suggestions, answer.relaxed)
    parts += [Text(clean(note), style="yellow") for note in answer.seed.notes]
    if not answer.suggestions:
        parts.append(Text("Nothing fits yet: index more music with `segue up FOLDER`."))
    return Group(*parts)


def _list(seed: Seed, suggestions: Sequence[Suggestion], relaxed: Sequence[str]) -> list[RenderableType]:
    table = _table()
    table.add_column("match", no_wrap=True)
    table.add_column("play next", ratio=1)
    table.add_column("bpm", justify="right", no_wrap=True)
    table.add_column("pitch", justify="right", no_wrap=True)
    table.add_column("key", justify="right", no_wrap=True)
    table.add_column("nrg", justify="right", no_wrap=True)
    for suggestion in suggestions:
        table.add_row(*_suggestion(suggestion, seed))
    parts: list[RenderableType] = [table] if suggestions else []
    if relaxed:
        parts.append(Text(f"Given up for want of music: {'; '.join(map(clean, relaxed))}.", style="yellow"))
    return parts


def tracks_table(tracks: Sequence[Track]) -> Table:
    """Tracks that a search found."""
    table = _table()
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("track", ratio=1)
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("bpm", justify="right", no_wrap=True)
    table.add_column("key", justify="right", no_wrap=True)
    table.add_column("nrg", justify="right", no_wrap=True)
    for track in tracks:
        table.add_row(
            f"#{track.id}",
            _name(track.title, track.artist) + (Text(" (away)", style="yellow") if track.missing else Text()),
            minutes(track.duration),
            _number(track.bpm),
            track.camelot or "-",
            _energy(track.energy),
        )
    return table


def doubts_table(tracks: Sequence[Track], about: str | None) -> Table:
    """Tracks with what is doubtful of them, or of one of their values."""
    table = _table()
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("track and doubt", ratio=1)
    table.add_column("bpm", justify="right", no_wrap=True)
    table.add_column("key", justify="right", no_wrap=True)
    for track in tracks:
        cell = _name(track.title, track.artist)
        for doubt in track.doubts:
            if about in (None, doubt.about):
                cell.append(f"\n{clean(doubt.text)}", style="yellow")
        table.add_row(f"#{track.id}", cell, _number(track.bpm), track.camelot or "-")
    return table


def folders_table(folders: Sequence[Folder]) -> Table:
    """The watched folders and how each is watched."""
    table = _table()
    table.add_column("folder", ratio=1, overflow="fold")
    table.add_column("files", justify="right", no_wrap=True)
    table.add_column("watched by", no_wrap=True)
    for folder in folders:
        path = Text(clean(folder.path))
        if folder.private:
            path.append("\nprivate: suggested to nobody, but for promoted tracks", style="dim")
        if folder.detail:
            path.append(f"\n{clean(folder.detail)}", style="dim")
        table.add_row(path, str(folder.files), Text(folder.watch, style="yellow" if folder.watch == "away" else ""))
    return table


def crates_table(crates: Sequence[Crate]) -> Table:
    """Crates, and who keeps them."""
    table = _table()
    table.add_column("crate", ratio=1, overflow="fold")
    table.add_column("tracks", justify="right", no_wrap=True)
    table.add_column("from", no_wrap=True)
    for crate in crates:
        table.add_row(
            Text(clean(crate.name)), str(crate.tracks), "you" if crate.source == "user" else clean(crate.source)
        )
    return table


def failures_table(failures: Sequence[FileFailure]) -> Table:
    """Files that could not be analysed; the code leads to `docs/troubleshooting.md`."""
    table = _table()
    table.add_column("kind", no_wrap=True, style="yellow")
    table.add_column("file and reason", ratio=1, overflow="fold")
    for failure in failures:
        table.add_row(failure.code, Text(clean(failure.path)).append(f"\n{clean(failure.message)}", style="dim"))
    return table


def plays_table(plays: PlayList) -> Table:
    """What was played, latest first."""
    from datetime import datetime

    table = _table()
    table.add_column("when", no_wrap=True, style="dim")
    table.add_column("track", ratio=1)
    for play in plays.plays:
        when = datetime.fromtimestamp(play.at).astimezone()
        table.add_row(f"{when:%a %H:%M}", _name(play.title, play.artist))
    return table


def bar(share: float, cells: int = _BAR_CELLS) -> str:
    """A bar of block characters for a share of 0..1, `cells` wide."""
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if full < cells else "")).ljust(cells)


def _table() -> Table:
    return Table(box=None, pad_edge=False, expand=True, header_style="dim", padding=(0, 1))


def _seed(seed: Seed) -> Text:
    line = Text("After ").append_text(_name(seed.title, seed.artist, style="bold"))
    facts = [f"{seed.bpm:.1f} bpm" if seed.bpm else "", seed.camelot or "", *map(clean, seed.tags[:4])]
    return line.append("  " + " · ".join(filter(None, facts)), style="dim")


def _suggestion(suggestion: Suggestion, seed: Seed) -> tuple[Text, Text, str, Text, str, str]:
    name = _name(suggestion.title, suggestion.artist, style="bold").append(f"\n{clean(suggestion.why)}", style="dim")
    for note in suggestion.notes:
        name.append(f"\n{clean(note)}", style="yellow not bold")
    match = Text(bar(suggestion.score), style="cyan").append(f" {100 * suggestion.score:.0f}")
    return (
        match,
        name,
        _number(suggestion.bpm),
        _pitch(suggestion, seed),
        suggestion.camelot or "-",
        _energy(suggestion.energy),
    )


def _name(title: str, artist: str | None, style: str = "") -> Text:
    return Text(clean(title), style=style).append(f" - {clean(artist)}" if artist else "", style="not bold")


def _pitch(suggestion: Suggestion, seed: Seed) -> Text:
    """How its tempo is brought to the one that is played: ``+0.8%``, or ``x2 -0.3%`` where it counts twice."""
    mix = suggestion.mix
    if mix is None or seed.bpm is None or suggestion.bpm is None:
        return Text("-", style="dim")
    if mix.pitch is None:
        return Text("far", style="dim")
    # Adding zero turns a rounded -0.0 into 0.0.
    return Text(f"{_WAYS[mix.time]}{round(mix.pitch, 1) + 0.0:+.1f}%")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _energy(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def indexed_sentence(indexed: int, failed: int) -> str:
    """``57 tracks ready; 3 files could not be analysed (segue failures)``."""
    sentence = f"{plural(indexed, 'track')} ready"
    return f"{sentence}; {plural(failed, 'file')} could not be analysed (see `segue failures`)" if failed else sentence
