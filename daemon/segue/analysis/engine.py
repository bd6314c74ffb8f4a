"""What a worker process runs: the networks, loaded and tested, and the analysis that uses them."""

from __future__ import annotations

from pathlib import Path

from segue.analysis.analyse import Analyser
from segue.analysis.result import Probe, TrackAnalysis
from segue.analysis.wire import WorkerReport
from segue.audio.probe import probe
from segue.networks.models import ModelSet
from segue.networks.providers import ProviderChoice
from segue.networks.sessions import Networks


class AnalysisEngine:
    """The engine of `segue.analysis.worker` that analyses music.

    Opening it warms it up: the networks' self-test runs each of them once. Raises a ModelError when they cannot be used.
    """

    def __init__(self, models: Path, provider: ProviderChoice) -> None:
        self._models = ModelSet.load(models)
        self._networks = Networks.load(models, provider)
        self._networks.self_test()
        self._analyser = Analyser(self._networks)

    def report(self) -> WorkerReport:
        """Provider and models."""
        models = self._models
        return WorkerReport(self._networks.provider, models.id, models.dim, models.labels, models.versions)

    def probe(self, path: Path) -> Probe:
        """See `segue.audio.probe.probe`."""
        return probe(path)

    def analyse(self, path: Path) -> TrackAnalysis:
        """See `segue.analysis.analyse.Analyser`."""
        return self._analyser.analyse(path)
