"""What can be asked of the daemon, as typed values; `Client` and `AsyncClient` send them."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypedDict, TypeVar

import msgspec

from segue.errors import InvalidParamsError, MessageTooLargeError, UnknownMethodError
from segue.protocol import messages as m
from segue.protocol.envelope import Answer, encode_request
from segue.protocol.methods import MAX_REQUEST_BYTES, METHODS
from segue.protocol.numbers import refuse_unsound

R = TypeVar("R")

SHORT_SECONDS: Final = 10.0
"""Time limit of what is answered from memory."""
LONG_SECONDS: Final = 900.0
"""Time limit of what may analyse a file of hours first, or forget a hundred thousand files."""
_LONG: Final = frozenset(
    {
        "recommend.next",
        "recommend.similar",
        "recommend.check",
        "recommend.tune",
        "recommend.set",
        "library.work",
        "track.changes",
        "track.analyse",
        "track.write_tags",
        "library.add_folder",
        "library.remove_folder",
        "library.set_crate",
        "library.take_over",
        "models.use",
        "feedback.learn",
    }
)
_ONCE: Final = frozenset({"session.mark_played", "session.undo_played", "session.new_night", "daemon.shutdown"})
"""Not asked again of a daemon that was started anew while the answer was awaited."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[R]):
    """A method, its parameters and the type of its result."""

    method: str
    params: m.Message | Mapping[str, Any]
    result: type[R]

    @property
    def seconds(self) -> float:
        """How long to wait for the answer where the caller does not say."""
        return LONG_SECONDS if self.method in _LONG else SHORT_SECONDS

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no harm."""
        return self.method not in _ONCE

    def encode(self, request_id: int) -> bytes:
        """Encode it as a request.

        Raises
        ------
        InvalidParamsError
            The parameters cannot be said in JSON.
        MessageTooLargeError
            It is larger than the daemon would take.

        """
        try:
            body = encode_request(request_id, self.method, self.params)
        except (TypeError, ValueError) as error:
            raise InvalidParamsError(f"{self.method}: the parameters cannot be written as JSON: {error}.") from error
        if len(body) > MAX_REQUEST_BYTES:
            raise MessageTooLargeError(f"A request has at most {MAX_REQUEST_BYTES // 1024} KiB.")
        return body

    def decode(self, answer: Answer) -> R:
        """Return the result, or raise the error that the daemon answered with."""
        if answer.error is not None:
            raise answer.error
        return msgspec.json.decode(answer.result, type=self.result)


def any_method(method: str, params: m.Message | Mapping[str, Any] | None) -> Ask[Any]:
    """Ask by name.

    Raises
    ------
    UnknownMethodError
        This version knows no such method.

    """
    known = METHODS.get(method)
    if known is None:
        raise UnknownMethodError(f"There is no method `{method}`.")
    return Ask(method, params or {}, known.result)


class Wishes(TypedDict, total=False):
    """What `Client.next` can be asked besides; see `NextParams` in the protocol."""

    lane: m.LaneName
    lanes: bool
    also: Collection[str]
    more: Collection[str]
    less: Collection[str]
    crate: str | None
    playlist: str | None
    filters: m.Filters | Mapping[str, Any]
    preset: str | None
    tonight: bool
    offer: bool


def _said(value: object) -> object:
    """Make a list of what is one but for JSON, and text fit for it."""
    if isinstance(value, str):
        return text_of(value)
    return [_said(one) for one in value] if isinstance(value, list | tuple | set | frozenset) else value


def path_of(path: str | Path) -> str:
    """Make it absolute: the daemon has another working folder."""
    if not str(path):
        raise InvalidParamsError("The path is empty: name a file or a folder.")
    return text_of(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - resolve() would follow links


def text_of(path: str) -> str:
    """Make it fit for JSON: bytes of a file name that are no text become U+FFFD, and the daemon finds the name again."""
    try:
        return path.encode(errors="surrogateescape").decode(errors="replace")
    except UnicodeEncodeError:
        return path  # never a file name; it is refused when the request is encoded


def next_(track: str | None, limit: int, wishes: Wishes) -> Ask[m.Suggestions]:
    wanted: dict[str, Any] = {"track": None if track is None else text_of(track), "limit": limit, **wishes}
    filters = wanted.get("filters")
    if isinstance(filters, m.Filters):
        wanted["filters"] = msgspec.to_builtins(filters)
    return Ask("recommend.next", {name: _said(value) for name, value in wanted.items()}, m.Suggestions)


def track(ref: str) -> Ask[m.Track]:
    return Ask("track.get", m.TrackParams(track=text_of(ref)), m.Track)


def analyse(path: str | Path, *, vector: bool) -> Ask[m.Analysis]:
    return Ask("track.analyse", m.AnalyseParams(path=path_of(path), vector=vector), m.Analysis)


def set_values(
    ref: str,
    *,
    bpm: float | None,
    key: str | None,
    energy: float | None,
    rating: int | None,
    clear: Collection[str],
    source: str,
) -> Ask[m.Track]:
    refuse_unsound("bpm", bpm)
    refuse_unsound("energy", energy)
    refuse_unsound("rating", rating)
    said = {"bpm": bpm, "key": key, "energy": energy, "rating": rating, "clear": list(clear), "source": source}
    return Ask("track.set", {"track": text_of(ref), **said}, m.Track)


def write_tags(
    ref: str, values: Collection[str], notation: str, *, overwrite: bool, unsure: bool, dry_run: bool
) -> Ask[m.TagWrites]:
    wanted = {"track": text_of(ref), "values": list(values), "notation": notation}
    return Ask(
        "track.write_tags", {**wanted, "overwrite": overwrite, "unsure": unsure, "dry_run": dry_run}, m.TagWrites
    )


def doubts(about: Collection[str], limit: int, offset: int) -> Ask[m.DoubtfulTracks]:
    return Ask("library.doubts", {"about": list(about), "limit": limit, "offset": offset}, m.DoubtfulTracks)


def search(text: str, limit: int) -> Ask[m.TrackList]:
    return Ask("library.search", m.SearchParams(text=text_of(text), limit=limit), m.TrackList)


def folders() -> Ask[m.FolderList]:
    return Ask("library.folders", m.Nothing(), m.FolderList)


def add_folder(path: str | Path, *, private: bool | None) -> Ask[m.FolderList]:
    return Ask("library.add_folder", m.AddFolderParams(path=path_of(path), private=private), m.FolderList)


def remove_folder(path: str | Path) -> Ask[m.FolderList]:
    return Ask("library.remove_folder", m.FolderParams(path=path_of(path)), m.FolderList)


def rescan(path: str | Path | None) -> Ask[m.Done]:
    return Ask("library.rescan", m.RescanParams(path=None if path is None else path_of(path)), m.Done)


def failures(limit: int) -> Ask[m.FailureList]:
    return Ask("library.failures", m.LimitParams(limit=limit), m.FailureList)


def update_deck(deck: m.DeckParams) -> Ask[m.Deck]:
    return Ask("deck.update", deck, m.Deck)


def decks() -> Ask[m.DeckList]:
    return Ask("deck.list", m.Nothing(), m.DeckList)


def history(limit: int) -> Ask[m.PlayList]:
    return Ask("session.history", m.LimitParams(limit=limit), m.PlayList)


def use_models(name: str, *, now: bool) -> Ask[m.Done]:
    return Ask("models.use", m.UseModelsParams(name=name, now=now), m.Done)


def remove_models(name: str) -> Ask[m.Done]:
    return Ask("models.remove", m.ModelsParams(name=name), m.Done)


def ping() -> Ask[m.Pong]:
    return Ask("daemon.ping", m.Nothing(), m.Pong)


def status() -> Ask[m.Status]:
    return Ask("daemon.status", m.Nothing(), m.Status)


def pause() -> Ask[m.Done]:
    return Ask("daemon.pause", m.Nothing(), m.Done)


def resume() -> Ask[m.Done]:
    return Ask("daemon.resume", m.Nothing(), m.Done)


def shutdown(*, drain: bool) -> Ask[m.Done]:
    return Ask("daemon.shutdown", m.ShutdownParams(drain=drain), m.Done)
