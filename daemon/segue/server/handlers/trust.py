"""`track.set`, `track.write_tags` and `library.doubts`: whom to believe, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path

from segue.errors import FileMissingError, InvalidParamsError, PathNotAllowedError
from segue.keys import parse_key
from segue.library.matching import Wanted
from segue.library.paths import found
from segue.library.store import Library
from segue.protocol.messages import (
    DoubtfulTracks,
    DoubtsParams,
    Said,
    SetParams,
    TagWrites,
    TakenOver,
    TakeOverParams,
    Track,
    WriteTagsParams,
)
from segue.server.handlers.references import References
from segue.server.mirror import Mirror
from segue.server.router import Origin
from segue.server.tag_writer import TagWriter


class TrustHandlers:
    """Values that are set or written into files, and doubts. What writes, or looks through the library, has another thread."""

    def __init__(
        self,
        library: Library,
        references: References,
        mirror: Mirror,
        writer: TagWriter,
        executor: Executor,
        one_by_one: Executor,
    ) -> None:
        self._library = library
        self._references = references
        self._mirror = mirror
        self._writer = writer
        self._executor = executor
        self._one_by_one = one_by_one

    def set(self, params: SetParams, origin: Origin) -> Track | Future[Track]:
        """Store what a user or a DJ program says of a track; it holds from the answer on."""
        del origin
        said = _said(params)
        return self._references.use(params.track, lambda track: self._executor.submit(self._set, track, said, params))

    def _set(self, track: int, said: dict[str, float | str], params: SetParams) -> Track:
        self._library.set_values(track, said, params.source, params.clear)
        self._mirror.refresh([track])
        return self._library.track(track)

    def take_over(self, params: TakeOverParams, origin: Origin) -> Future[TakenOver]:
        """Store what a DJ program says of many tracks, in one go."""
        del origin
        return self._executor.submit(self._taken_over, params.tracks)

    def _taken_over(self, said: Sequence[Said]) -> TakenOver:
        known = self._library.match([Wanted(one.path, one.artist, one.title, one.duration) for one in said])
        values = [
            (track, *value)
            for track, one in zip(known, said, strict=True)
            if track is not None
            for value in _values(one)
        ]
        changed = self._library.take_over(values)
        self._mirror.refresh(changed)
        absent = (one.path for track, one in zip(known, said, strict=True) if track is None)
        waiting = sum(1 for path in absent if (row := self._library.file(path)) is not None and row.state == "queued")
        return TakenOver(tracks=known, changed=len(changed), waiting=waiting)

    def write_tags(self, params: WriteTagsParams, origin: Origin) -> TagWrites | Future[TagWrites]:
        """Write the values that hold into the tags of a track's files, one file after another."""
        if not origin.local:
            raise PathNotAllowedError("Tags can only be written on the machine that Segue runs on.")
        return self._references.use(params.track, lambda track: self._one_by_one.submit(self._written, track, params))

    def _written(self, track: int, params: WriteTagsParams) -> TagWrites:
        named = Path(params.track).is_absolute()
        files = [found(params.track)] if named else self._library.present_files(track)
        if not files:
            raise FileMissingError("No copy of the track is there now: connect its drive.")
        return TagWrites(track=track, files=self._writer.write(track, files, params))

    def doubts(self, params: DoubtsParams, origin: Origin) -> Future[DoubtfulTracks]:
        """Tracks whose sources disagree, or of which only an unsure estimate is known."""
        del origin
        return self._executor.submit(self._doubtful, params)

    def _doubtful(self, params: DoubtsParams) -> DoubtfulTracks:
        doubtful = self._library.doubtful(params.about)
        page = doubtful[params.offset : params.offset + params.limit]
        return DoubtfulTracks(tracks=self._library.tracks(page), total=len(doubtful))


def _values(said: Said) -> Iterator[tuple[str, float | str, str]]:
    """What there is to store of a track: name, value and source."""
    if said.bpm is not None:
        yield "bpm", said.bpm, "user" if said.settled else "dj"
    if said.key is not None and (key := parse_key(said.key)) is not None:
        yield "key", key, "dj"
    if said.rating is not None:
        yield "rating", said.rating, "dj"


def _said(params: SetParams) -> dict[str, float | str]:
    """The values by name; InvalidParamsError when there are none, or one is no key or is set and cleared at once."""
    numbers = {"bpm": params.bpm, "energy": params.energy, "rating": params.rating}
    said: dict[str, float | str] = {name: value for name, value in numbers.items() if value is not None}
    if params.key is not None:
        key = parse_key(params.key)
        if key is None:
            raise InvalidParamsError(f"“{params.key}” is no key: write it as 8A, 1m, Am or A minor.")
        said["key"] = key
    both = said.keys() & set(params.clear)
    if both:
        raise InvalidParamsError(f"{' and '.join(sorted(both))} cannot be set and taken away at once.")
    if not said and not params.clear:
        raise InvalidParamsError("Nothing was said: give bpm, key, energy or rating, or what to clear.")
    return said
