"""`track.set`, `track.write_tags` and `library.doubts`: whom to believe, and who hears of it."""

from __future__ import annotations

from concurrent.futures import Executor, Future

from segue.errors import InvalidParamsError
from segue.keys import parse_key
from segue.library.store import Library
from segue.protocol.messages import DoubtfulTracks, DoubtsParams, SetParams, Track
from segue.server.handlers.references import References
from segue.server.mirror import Mirror
from segue.server.router import Origin


class TrustHandlers:
    """Values that are set, and doubts. What writes to the library, or looks through all of it, has another thread."""

    def __init__(self, library: Library, references: References, mirror: Mirror, executor: Executor) -> None:
        self._library = library
        self._references = references
        self._mirror = mirror
        self._executor = executor

    def set(self, params: SetParams, origin: Origin) -> Track | Future[Track]:
        """Store what a user or a DJ program says of a track; it holds from the answer on."""
        del origin
        said = _said(params)
        return self._references.use(params.track, lambda track: self._executor.submit(self._set, track, said, params))

    def _set(self, track: int, said: dict[str, float | str], params: SetParams) -> Track:
        self._library.set_values(track, said, params.source, params.clear)
        self._mirror.refresh([track])
        return self._library.track(track)

    def doubts(self, params: DoubtsParams, origin: Origin) -> Future[DoubtfulTracks]:
        """Tracks whose sources disagree, or of which only an unsure estimate is known."""
        del origin
        return self._executor.submit(self._doubtful, params)

    def _doubtful(self, params: DoubtsParams) -> DoubtfulTracks:
        found = self._library.doubtful(params.about)
        shown = found[params.offset : params.offset + params.limit]
        return DoubtfulTracks(tracks=self._library.tracks(shown), total=len(found))


def _said(params: SetParams) -> dict[str, float | str]:
    """The values by name; InvalidParamsError when there are none, or one is no key or is set and cleared at once."""
    numbers = {"bpm": params.bpm, "energy": params.energy}
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
        raise InvalidParamsError("Nothing was said: give bpm, key or energy, or what to clear.")
    return said
