"""Pictures of a report: tags, confusion of genres, a map of the vectors, and curves of robustness.

The colours are those of Okabe and Ito ("Color universal design", 2008), which colour-blind readers tell apart; where there
are more kinds than colours, the marks differ too.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from segue_export.evaluation.collection import SEGUE, Collection
from segue_export.evaluation.estimates import Estimate, decimal
from segue_export.evaluation.retrieval import Array, normalised, votes
from segue_export.evaluation.robustness import Moved, by_kind
from segue_export.evaluation.tables import Table

COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#B8A800")
_MARKS: Final = "os^DvPX*"
_STYLE: Final[dict[Any, Any]] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#666666",
    "axes.labelcolor": "#333333",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "font.size": 9,
    "svg.hashsalt": "segue",
}
_DPI: Final = 110
_SHADES: Final = 96
"""Colours of a picture's palette: a third of the size, and nobody sees it."""
_MOST_KINDS: Final = 24
_CURVES: Final = (
    ("finds itself", "itself"),
    ("ten nearest stay", "shared"),
    ("top 5 tags stay", "top_tags"),
    ("tempo (Acc1)", "acc1"),
    ("key (exact)", "key"),
    ("cosine", "cosine"),
)


def draw(collection: Collection, tables: Sequence[Table], folder: Path) -> list[Path]:
    """All pictures that the figures allow, as PNG files in a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [tag_bars(table, folder / "tags.png") for table in tables if table.name == "tags"]
    kinds = [clip.genre for clip in collection.clips]
    placed = [place for place, kind in enumerate(kinds) if kind]
    names = [str(kinds[place]) for place in placed]
    vectors = collection.vectors[SEGUE][placed]
    # A kind with a single clip has nobody to be found by.
    common = [place for place, name in enumerate(names) if names.count(name) > 1]
    if len({names[place] for place in common}) > 1:
        drawn.append(confusion(vectors[common], [names[place] for place in common], folder / "confusion.png"))
    if len(placed) > 3:
        drawn.append(vector_map(vectors, names, folder / "map.png"))
    return drawn


def tag_bars(table: Table, path: Path) -> Path:
    """ROC-AUC and PR-AUC of each tag, best first."""
    rows = {name: row for name, row in table.rows.items() if name != "mean"}
    place = np.arange(len(rows))[::-1]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7, 1.2 + 0.2 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for column, colour, shift in (("ROC-AUC", COLOURS[0], 0.2), ("PR-AUC", COLOURS[1], -0.2)):
            mean = table.rows["mean"][column]
            label = f"{column} (mean {decimal(mean)})" if isinstance(mean, float) else column
            axes.barh(place + shift, [_number(row[column]) for row in rows.values()], 0.4, color=colour, label=label)
        axes.axvline(0.5, color="#999999", linewidth=0.8, linestyle=":")
        axes.set_yticks(place, [f"{name} ({row['clips with it']})" for name, row in rows.items()])
        axes.set(xlim=(0, 1), ylim=(-0.7, len(rows) - 0.3), title="Tags against labels (clips with the tag)")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.03 - 0.4 / len(rows)), ncols=2, frameon=False)
    return _save(figure, path)


def confusion(vectors: Array, names: Sequence[str], path: Path) -> Path:
    """Which genre the five nearest of a clip vote for, in percent of the clips of its genre."""
    kinds = _commonest(names)
    voted = votes(vectors, names)
    counts = Counter(zip(names, voted, strict=True))
    shares = np.array([[counts[true, said] for said in kinds] for true in kinds], dtype=float)
    shares /= np.array([[names.count(kind)] for kind in kinds])
    right = np.mean([name == vote for name, vote in zip(names, voted, strict=True)])
    size = 2.4 + 0.42 * len(kinds)
    with mpl.rc_context({**_STYLE, "axes.spines.left": False, "axes.spines.bottom": False}):
        figure = Figure(figsize=(size + 0.6, size), layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.005:
                colour = "white" if share > 0.55 else "#222222"
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(kinds)), kinds, rotation=50, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(kinds)), [f"{kind} ({names.count(kind)})" for kind in kinds])
        axes.tick_params(length=0)
        axes.set(xlabel="what the five nearest say, %", title=f"Genres by their neighbours: {100 * right:.0f} % right")
    return _save(figure, path)


def vector_map(vectors: Array, names: Sequence[str], path: Path) -> Path:
    """The vectors on a plane: t-SNE from a start by principal components."""
    plane = embed(vectors)
    kinds = _commonest(names)
    with mpl.rc_context({**_STYLE, "axes.spines.left": False, "axes.spines.bottom": False}):
        figure = Figure(figsize=(8, 5.6), layout="constrained")
        axes = figure.add_subplot()
        for number, kind in enumerate(kinds):
            here = plane[[name == kind for name in names]]
            colour, mark = COLOURS[number % len(COLOURS)], _MARKS[(number // len(COLOURS) + number) % len(_MARKS)]
            # The second time around the colours, marks are hollow.
            inside = colour if number < len(COLOURS) else "white"
            axes.plot(here[:, 0], here[:, 1], mark, color=colour, mfc=inside, label=kind, markersize=5, alpha=0.85)
        rest = plane[[name not in kinds for name in names]]
        if len(rest):
            axes.scatter(rest[:, 0], rest[:, 1], s=10, c="#CCCCCC", marker=".", label="others", zorder=0)
        axes.set(xticks=[], yticks=[], title="Map of the track vectors (t-SNE of the cosine distances)")
        axes.set_aspect("equal", "datalim")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, ncols=1 if len(kinds) < 18 else 2)
    return _save(figure, path)


def robustness_curves(found: Sequence[Moved], path: Path) -> Path:
    """One panel for each kind of change, one curve for each figure."""
    panels = by_kind(found)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 2.7 * -(-len(panels) // 3)), layout="constrained")
        for place, (kind, some) in enumerate(panels.items(), 1):
            axes = figure.add_subplot(-(-len(panels) // 3), 3, place)
            _curves(axes, some)
            axes.set(title=kind, xlabel=some[0].change.unit.replace("x", "times as fast"))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(_CURVES), frameon=False)
    return _save(figure, path)


def _curves(axes: Axes, some: Sequence[Moved]) -> None:
    strengths = [one.change.strength for one in some]
    # Steps that are not even (bit rates, cut-off frequencies) are drawn side by side, so that none hides another.
    places = np.arange(len(strengths))
    for (label, name), colour, mark in zip(_CURVES, COLOURS, _MARKS, strict=False):
        values = [_number(getattr(one, name)) for one in some]
        axes.plot(places, values, color=colour, marker=mark, markersize=4, linewidth=1.4, label=label)
    axes.set_xticks(places, [f"{strength:g}" for strength in strengths])
    axes.set_ylim(-0.03, 1.03)
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.7)


def embed(vectors: Array) -> npt.NDArray[np.float64]:
    """Vectors (n, d) on a plane (n, 2): t-SNE of the cosine distances (van der Maaten and Hinton, JMLR 2008)."""
    from sklearn.manifold import TSNE  # noqa: PLC0415  # takes two seconds

    unit = normalised(vectors).astype(np.float64)
    centred = unit - unit.mean(axis=0)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    start = (left * strength)[:, :2]
    start *= 1e-4 / max(float(start[:, 0].std()), 1e-9)
    perplexity = min(20.0, (len(unit) - 1) / 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own defaults that will change
        # Of unit vectors, the squared Euclidean distance is twice the cosine's.
        plane = TSNE(perplexity=perplexity, init=start, random_state=1, metric="euclidean").fit_transform(unit)
    return np.asarray(plane, dtype=np.float64)


def _commonest(names: Sequence[str]) -> list[str]:
    """The kinds in order of the alphabet; of very many the commonest only."""
    return sorted(name for name, _ in Counter(names).most_common(_MOST_KINDS))


def _number(cell: object) -> float:
    return cell.value if isinstance(cell, Estimate) else float("nan") if cell is None else float(str(cell))


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
    with Image.open(path) as drawn:
        palette = drawn.convert("RGB").quantize(_SHADES)
    palette.save(path, optimize=True)
    return path
