"""Filters as masks over the rows of a snapshot: some array operations each, without a look at the disk."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue.errors import CrateNotFoundError, InvalidParamsError
from segue.library.places import Place, below
from segue.protocol.messages.filters import Filters
from segue.recommend.catalogue import Snapshot

Mask = npt.NDArray[np.bool_]
Crates = Mapping[str, npt.NDArray[np.int64]]
"""Ids of the tracks in each crate, by the crate's name."""

_SMALL: Final = 0.05 + 1e-3
"""How far a number may be beyond a border that it is rounded to in tables and answers: 127.96 is shown as 128.0."""


def masks(filters: Filters, snapshot: Snapshot, crates: Crates) -> list[tuple[str, Mask]]:
    """Return each filter that is given with its name and the rows that pass, shape (n,): the one to keep longest first.

    Raises:
        CrateNotFoundError: there is no crate of a name.
        InvalidParamsError: there is no tag of a name, or a range is upside down.

    """
    _refuse_upside_down(filters)
    facts = snapshot.facts
    found: list[tuple[str, Mask]] = []
    if filters.crates:
        found.append((_named("crate", filters.crates), _in_crates(filters.crates, snapshot, crates)))
    if filters.folders:
        found.append((_named("folder", filters.folders), _in_folders(filters.folders, snapshot)))
    if filters.genres:
        found.append((_named("genre", filters.genres), _of_genres(filters.genres, snapshot)))
    found += [(f"tag {tag}", _tagged(tag, snapshot)) for tag in filters.tags]
    for array, low, high, unit in (
        (facts.bpm, filters.bpm_from, filters.bpm_to, "BPM"),
        (facts.energy, filters.energy_from, filters.energy_to, "energy"),
    ):
        if low is not None or high is not None:
            found.append((_range(low, high, unit), _within(array, low, high)))
    if filters.rating is not None:
        stars = f"at least {filters.rating} {'star' if filters.rating == 1 else 'stars'}"
        found.append((stars, facts.rating >= filters.rating))
    if filters.year_from is not None or filters.year_to is not None:
        low, high = filters.year_from or 1, filters.year_to or np.iinfo(np.int16).max
        name = _range(filters.year_from, filters.year_to, "year")
        found.append((name, (facts.year >= low) & (facts.year <= high)))
    return found


class Sieve:
    """`masks` that remembers its last answer: a DJ asks with the same filters again and again, and for several lanes at once."""

    def __init__(self) -> None:
        self._last: tuple[Filters, Snapshot, Crates, list[tuple[str, Mask]]] | None = None

    def masks(self, filters: Filters, snapshot: Snapshot, crates: Crates) -> list[tuple[str, Mask]]:
        """As the function of this name; the masks are not to be changed."""
        last = self._last
        if last is not None and last[1] is snapshot and last[2] is crates and last[0] == filters:
            return last[3]
        found = masks(filters, snapshot, crates)
        self._last = (filters, snapshot, crates, found)
        return found


def mask(filters: Filters, snapshot: Snapshot, crates: Crates) -> Mask:
    """Return the rows that pass all filters, shape (n,). Errors as with `masks`."""
    passing = np.ones(len(snapshot.rows.ids), np.bool_)
    for _, one in masks(filters, snapshot, crates):
        passing &= one
    return passing


def _in_crates(names: Iterable[str], snapshot: Snapshot, crates: Crates) -> Mask:
    by_name = {_fold(name): ids for name, ids in crates.items()}
    ids = snapshot.rows.ids
    # One entry for each id, which the library gives out one after the other: much quicker than to look every id up.
    held = np.zeros(int(ids.max(initial=0)) + 1, np.bool_)
    for name in names:
        inside = by_name.get(_fold(name))
        if inside is None:
            raise CrateNotFoundError(f"There is no crate “{name}”{_meant(name, crates)}: `segue crates` lists them.")
        held[inside[inside < len(held)]] = True
    found: Mask = held[ids]
    return found


def _in_folders(folders: Iterable[str], snapshot: Snapshot) -> Mask:
    found = np.zeros(len(snapshot.places), np.bool_)
    for folder in folders:
        whole = Path(folder).is_absolute()
        holds = partial(_is_below, folder) if whole else partial(_has_part, _fold(folder.strip("/\\")))
        found |= snapshot.places.where(folder, holds)[: len(found)]
    return found[snapshot.facts.place]


def _is_below(folder: str, place: Place) -> bool:
    return below(place, folder)


def _has_part(wanted: str, place: Place) -> bool:
    return any(_fold(part) == wanted for folder in place for part in Path(folder).parts)


def _of_genres(genres: Iterable[str], snapshot: Snapshot) -> Mask:
    found = np.zeros(len(snapshot.genres), np.bool_)
    for genre in genres:
        holds = partial(_names_genre, f" {_words(genre)} ")
        found |= snapshot.genres.where(genre, holds)[: len(found)]
    return found[snapshot.facts.genre]


def _names_genre(wanted: str, known: str) -> bool:
    return wanted in f" {_words(known)} "


def _tagged(tag: str, snapshot: Snapshot) -> Mask:
    labels = snapshot.telling.labels
    wanted = _fold(tag)
    at = next((at for at, label in enumerate(labels) if _fold(label) == wanted), None)
    if at is None:
        raise InvalidParamsError(f"There is no tag “{tag}”{_meant(tag, labels)}: `segue show` lists a track's tags.")
    # Compared in float16, which is how they are kept: the level is rounded as they are.
    passing: Mask = snapshot.facts.tags[:, at] >= snapshot.telling.levels[at].astype(np.float16)
    return passing


def _within(array: npt.NDArray[Any], low: float | None, high: float | None) -> Mask:
    passing: Mask = ~np.isnan(array)
    if low is not None:
        passing &= array >= low - _SMALL
    if high is not None:
        passing &= array <= high + _SMALL
    return passing


def _refuse_upside_down(filters: Filters) -> None:
    for low, high, unit in (
        (filters.bpm_from, filters.bpm_to, "BPM"),
        (filters.energy_from, filters.energy_to, "energy"),
        (filters.year_from, filters.year_to, "year"),
    ):
        if low is not None and high is not None and low > high:
            raise InvalidParamsError(f"The {unit} from {low:g} to {high:g} is upside down: name the lower one first.")


def _named(kind: str, names: Sequence[str]) -> str:
    return f"{kind} {' or '.join(names)}"


def _range(low: float | None, high: float | None, unit: str) -> str:
    if low is None or high is None:
        return f"{unit} up to {high:g}" if low is None else f"{unit} from {low:g}"
    return f"{unit} {low:g}" if low == high else f"{unit} {low:g} to {high:g}"


def _meant(name: str, known: Iterable[str]) -> str:
    by_fold = {_fold(one): one for one in known}
    near = difflib.get_close_matches(_fold(name), by_fold, 1)
    return f" (“{by_fold[near[0]]}”, perhaps?)" if near else ""


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _words(text: str) -> str:
    """Words of a genre, one space between them: ``"Drum & Bass/Jungle"`` is ``"drum and bass jungle"``."""
    folded = _fold(text).replace("&", " and ")
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split())
