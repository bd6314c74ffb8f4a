"""What a worker process runs: the networks, loaded and tested, and the analysis that uses them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from segue.analysis.analyse import Analyser
from segue.analysis.likeness import likenesses
from segue.analysis.result import Embedding, Heard, Likeness, Probe, TrackAnalysis
from segue.analysis.texture import Texture, texture
from segue.analysis.wire import WorkerReport
from segue.audio.decode import decode_stream
from segue.audio.probe import probe
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.audio.tag_writing.retag import retag
from segue.networks.models import ModelSet
from segue.networks.providers import ProviderChoice
from segue.networks.sessions import Networks

_SETS: Final = 2
"""Sets of networks kept open: the one in use, and the one that is to take over."""


class AnalysisEngine:
    """The engine of `segue.analysis.worker` that analyses music.

    Opening it warms it up: the networks' self-test runs each of them once. Raises a ModelError when they cannot be used.
    """

    def __init__(self, models: Path, provider: ProviderChoice) -> None:
        self._models = models
        self._provider = provider
        self._open: dict[Path, tuple[Networks, Analyser]] = {}
        self._texture: tuple[tuple[Path, int, int], Texture] | None = None
        self._set_of(models)

    def report(self) -> WorkerReport:
        """Provider and models."""
        models = ModelSet.load(self._models)
        networks, _ = self._set_of(self._models)
        return WorkerReport(networks.provider, models.id, models.dim, models.labels, models.versions)

    def probe(self, path: Path) -> Probe:
        """See `segue.audio.probe.probe`."""
        return probe(path)

    def analyse(self, path: Path, models: Path | None = None) -> TrackAnalysis:
        """See `segue.analysis.analyse.Analyser`. Raises a ModelError when the networks of the folder cannot be used."""
        return self._set_of(models or self._models)[1].analyse(path)

    def listen(self, path: Path, models: Path | None = None) -> Heard:
        """See `segue.analysis.analyse.Analyser.listen`; raises as `analyse`."""
        return self._set_of(models or self._models)[1].listen(path)

    def compare(self, path: Path, other: Path, speeds: Sequence[float]) -> tuple[Likeness, ...]:
        """See `segue.analysis.likeness.likenesses`. The texture of `path` is kept for the next comparison."""
        return tuple(likenesses(self._texture_of(path), texture(decode_stream(other)), speeds))

    def embed(self, path: Path, models: Path | None = None) -> Embedding:
        """See `segue.analysis.analyse.Analyser.embed`; raises as `analyse`."""
        return self._set_of(models or self._models)[1].embed(path)

    def retag(self, path: Path, request: TagRequest) -> TagOutcome:
        """See `segue.audio.tag_writing.retag.retag`."""
        return retag(path, request)

    def _texture_of(self, path: Path) -> Texture:
        try:
            stat = path.stat()
        except OSError:
            return texture(decode_stream(path))  # which says what is wrong with it
        state = path, stat.st_size, stat.st_mtime_ns
        if self._texture is None or self._texture[0] != state:
            self._texture = state, texture(decode_stream(path))
        return self._texture[1]

    def _set_of(self, models: Path) -> tuple[Networks, Analyser]:
        found = self._open.pop(models, None) or self._opened(models)
        while len(self._open) >= _SETS:
            del self._open[next(iter(self._open))]  # the one that was not asked for longest
        self._open[models] = found
        return found

    def _opened(self, models: Path) -> tuple[Networks, Analyser]:
        networks = Networks.load(models, self._provider)
        networks.self_test()
        return networks, Analyser(networks)
