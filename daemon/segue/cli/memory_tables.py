"""What was learned, as tables."""

from __future__ import annotations

from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from segue.cli.output import clean, plural
from segue.protocol.messages import Import, LearnedPair, MemoryPage, Opinion, TrackName


def memory_tables(page: MemoryPage) -> list[RenderableType]:
    """Pairs, opinions and imports, each with a line above it; a sentence where nothing is known."""
    parts: list[RenderableType] = []
    if page.pairs:
        head = (
            f"{plural(page.total, 'pair')} from {plural(page.transitions, 'transition')}; those that weigh most first"
        )
        parts += [Text(head, style="dim"), _pairs(page.pairs)]
    if page.opinions:
        parts += [Text("\nOpinions", style="dim"), _opinions(page.opinions)]
    if page.imports:
        parts += [Text("\nLearned from files", style="dim"), _imports(page.imports)]
    if not parts:
        parts.append(Text("Nothing was learned yet: play, or `segue learn FILE` with a history or playlist."))
    return parts


def _pairs(pairs: list[LearnedPair]) -> Table:
    table = _table()
    table.add_column("after", ratio=1)
    table.add_column("comes", ratio=1)
    table.add_column("times", justify="right", no_wrap=True)
    table.add_column("blend", justify="right", no_wrap=True)
    table.add_column("weight", justify="right", no_wrap=True)
    for pair in pairs:
        table.add_row(
            _name(pair.first),
            _name(pair.second),
            "taken" if pair.sources == ["taken"] else str(pair.times),
            "-" if pair.blend is None else f"{pair.blend:.0f} s",
            Text(f"{pair.weight:+.1f}", style="" if pair.weight > 0 else "yellow"),
        )
    return table


def _opinions(opinions: list[Opinion]) -> Table:
    table = _table()
    table.add_column("", no_wrap=True)
    table.add_column("track", ratio=1)
    table.add_column("after", ratio=1)
    for opinion in opinions:
        liked = Text("likes", style="green") if opinion.liked else Text("dislikes", style="yellow")
        table.add_row(liked, _name(opinion.track), Text("-") if opinion.after is None else _name(opinion.after))
    return table


def _imports(imports: list[Import]) -> Table:
    table = _table()
    table.add_column("source", no_wrap=True, style="dim")
    table.add_column("file", ratio=1, overflow="fold")
    table.add_column("when", no_wrap=True)
    table.add_column("tracks", justify="right", no_wrap=True)
    table.add_column("found", justify="right", no_wrap=True)
    table.add_column("learned", justify="right", no_wrap=True)
    for one in imports:
        when = datetime.fromtimestamp(one.at).astimezone()
        table.add_row(
            f"import:{one.id}",
            Text(clean(one.path)),
            f"{when:%Y-%m-%d}",
            str(one.entries),
            str(one.matched),
            str(one.transitions),
        )
    return table


def _name(track: TrackName) -> Text:
    return Text(clean(track.title)).append(f" - {clean(track.artist)}" if track.artist else "", style="dim")


def _table() -> Table:
    return Table(box=None, pad_edge=False, expand=True, header_style="dim", padding=(0, 1))
