"""One run of distillation: labelling and learning in turn, within a time, with checkpoints."""

from __future__ import annotations

import copy
import csv
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segue_export.crops import CropBatch, CropSource
from segue_export.losses import Distillation
from segue_export.students import RECIPES, Kind, Student, pick_shape, update_average
from segue_export.targets import Scale, teacher_weights
from segue_export.views import ViewStore

CHECKPOINT = "checkpoint.pt"
LOG_FIELDS = ("step", "minutes", "views", "crops", "rate", "loss", "embedding", "relation", "tags", "features")


@dataclass(frozen=True)
class Settings:
    """The choices of a run."""

    kind: Kind
    minutes: float
    seed: int = 1
    width: int = 32
    device: str = "cpu"
    half: bool = True
    label_share: float = 0.35
    first_views: int = 320
    calibration_crops: int = 1500
    checkpoint_minutes: float = 3.0
    log_steps: int = 20
    warm_steps: int = 100
    batch_scale: float = 1.0
    """The recipe's batch sizes are multiplied by this."""


class Trainer:
    """Learns from a store of views, which it helps to fill by calling `make_views`."""

    def __init__(
        self, settings: Settings, store: ViewStore, make_views: Callable[[], None], tags: list[str], out: Path
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.settings, self._store, self._make_views, self._tags, self._out = settings, store, make_views, tags, out
        self._recipe = RECIPES[settings.kind]
        self._random = np.random.default_rng(settings.seed)
        self._crops = CropSource(store, tags, self._random)
        torch.manual_seed(settings.seed)
        self._scale: Scale | None = None
        self.step, self.crops, self.minutes, self.labelling = 0, 0, 0.0, 0.0
        self._sums: dict[str, float] = {}
        self._summed = 0

    def run(self, clock: Callable[[], float]) -> None:
        """Label and learn until the run's minutes are used up; `clock` gives seconds."""
        start = clock() - self.minutes * 60
        saved = self.minutes
        while (now := (clock() - start) / 60) < self.settings.minutes:
            self.minutes = now
            if self._should_label():
                self._make_views()
                self.labelling += (clock() - start) / 60 - now
                self._store.refresh()
                continue
            self.learn()
            if self.step % self.settings.log_steps == 0:
                self._store.refresh()  # another run may label too
            if self.minutes - saved >= self.settings.checkpoint_minutes:
                self.save()
                saved = self.minutes
        self.minutes = self.settings.minutes
        self.save()

    def _should_label(self) -> bool:
        too_few = len(self._store) < self.settings.first_views
        return too_few or self.labelling < self.settings.label_share * self.minutes

    def learn(self) -> float:
        """One step on one batch; returns the loss."""
        if self._scale is None:
            self._prepare()
        shape, size = pick_shape(self._recipe, self._random)
        size = max(round(size * self.settings.batch_scale), 2)
        batch = self._crops.batch(shape, self._need_scale(), size)
        terms = self._update(CropBatch(*(column.to(self.settings.device) for column in batch)))
        self.step += 1
        self.crops += size
        update_average(self.average, self.student, self.step)
        self._note(terms)
        return sum(terms.values())

    def _update(self, batch: CropBatch) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        device = self.settings.device.split(":")[0]
        with torch.autocast(device, torch.bfloat16, enabled=self.settings.half):
            embedding, logits, features = self.student(batch.mel)
        features = None if features is None else features.float()
        terms: dict[str, torch.Tensor] = self._loss(
            self.student.heads, embedding.float(), logits.float(), features, batch
        )
        loss = torch.stack(list(terms.values())).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 5.0)
        self.optimiser.step()
        return {name: float(value.detach()) for name, value in terms.items()}

    def _rate(self) -> float:
        """Learning rate: some steps of warming up, then a half cosine over the run's minutes."""
        progress = min(self.minutes / self.settings.minutes, 1.0)
        warm = min((self.step + 1) / self.settings.warm_steps, 1.0)
        return self._recipe.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))

    def _prepare(self) -> None:
        """Measure the targets once there are views, and make the student."""
        self._build(self._crops.measure(self._recipe.shapes[0][0], self.settings.calibration_crops))

    def _build(self, scale: Scale) -> None:
        self._scale = scale
        settings = self.settings
        _, labels = self._store.draw(np.random.default_rng(0))
        dimension = torch.from_numpy(teacher_weights(labels, 1.0, self._recipe.long_teachers))
        student = Student(settings.kind, len(scale.mean), len(self._tags), settings.width)
        student.start_at(torch.from_numpy(scale.tag_mean))
        self.student = student.to(settings.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stub
        self.average = copy.deepcopy(self.student).eval()
        self._loss = Distillation(self._recipe.weights, torch.from_numpy(scale.tag_spread), dimension).to(
            settings.device
        )
        self.optimiser = torch.optim.AdamW(self.student.parameters(), lr=self._recipe.rate, weight_decay=1e-3)

    def _need_scale(self) -> Scale:
        if self._scale is None:
            raise RuntimeError("the targets were not measured yet")
        return self._scale

    def _note(self, terms: dict[str, float]) -> None:
        for name, value in (*terms.items(), ("loss", sum(terms.values()))):
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._summed += 1
        if self.step % self.settings.log_steps:
            return
        means = {name: round(value / self._summed, 5) for name, value in self._sums.items()}
        self._sums, self._summed = {}, 0
        row = {"step": self.step, "minutes": round(self.minutes, 2), "views": len(self._store), "crops": self.crops}
        path = self._out / "log.csv"
        is_new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, LOG_FIELDS, restval="")
            if is_new:
                writer.writeheader()
            writer.writerow({**row, "rate": f"{self._rate():.2e}", **means})

    def save(self) -> None:
        """Write the checkpoint; the one before stays until the new one is whole."""
        if self._scale is None:
            return
        state: dict[str, Any] = {
            "settings": asdict(self.settings),
            "tags": self._tags,
            "progress": {
                "step": self.step,
                "crops": self.crops,
                "minutes": self.minutes,
                "labelling": self.labelling,
                "views": len(self._store),
            },
            "scale": {name: torch.from_numpy(np.asarray(value)) for name, value in vars(self._scale).items()},
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "torch_random": torch.get_rng_state(),
            "numpy_random": json.dumps(self._random.bit_generator.state),
        }
        partial = self._out / f"{CHECKPOINT}.part"
        torch.save(state, partial)
        partial.replace(self._out / CHECKPOINT)

    def restore(self) -> None:
        """Go on from the run's checkpoint, or from the start when there is none."""
        path = self._out / CHECKPOINT
        if not path.exists():
            return
        self._store.refresh()
        state = torch.load(path, map_location=self.settings.device, weights_only=True)
        self._build(Scale(**{name: value.cpu().numpy() for name, value in state["scale"].items()}))
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        progress = state["progress"]
        self.step, self.crops = progress["step"], progress["crops"]
        self.minutes, self.labelling = progress["minutes"], progress["labelling"]
        torch.set_rng_state(state["torch_random"].cpu())
        self._random.bit_generator.state = json.loads(state["numpy_random"])
