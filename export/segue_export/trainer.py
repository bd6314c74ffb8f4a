"""One run of distillation: labelling and learning in turn, within a time, with checkpoints."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from segue_export.crops import CropBatch, CropSource, Shape
from segue_export.losses import Distillation
from segue_export.run_log import TERMS, RunLog
from segue_export.students import (
    RECIPES,
    SHIPPED_WIDTHS,
    Kind,
    Student,
    is_outdated,
    pick_shape,
    sizes_of,
    update_average,
)
from segue_export.targets import Layout, Scale
from segue_export.views import WINDOWS, Labels, ViewStore
from segue_export.vocabulary import Vocabulary
from segue_export.widening import widened, width_of

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"

__all__ = ["BEST", "CHECKPOINT", "TERMS", "Ended", "Settings", "Trainer"]


class Ended(Enum):
    """Why a run came to its end."""

    TIME = "its minutes are used up"
    PATIENCE = "validation has got no better"
    STOPPED = "it was told to stop"


@dataclass(frozen=True)
class Settings:
    """The choices of a run."""

    kind: Kind
    minutes: float
    seed: int = 1
    width: int | None = None
    """None is the width that Segue ships."""
    device: str = "cpu"
    half: bool = True
    rate: float | None = None
    """Highest learning rate; None is the recipe's."""
    label_share: float = 0.0
    """Share of the time spent labelling; nothing is labelled when it is 0 and other processes do."""
    first_views: int = 320
    calibration_crops: int = 1000
    checkpoint_minutes: float = 3.0
    log_steps: int = 20
    warm_steps: int = 100
    batch_scale: float = 1.0
    """The recipe's batch sizes are multiplied by this."""
    teachers: tuple[str, ...] | None = None
    """Who labelled the views; None: whoever did."""
    weights: dict[str, float] = field(default_factory=dict)
    """Weights of loss terms that differ from the recipe's."""
    valid_minutes: float = 5.0
    valid_batches: int = 8
    patience: int = 0
    """Stop after so many validations without a better one; 0 never stops early."""


class Trainer:
    """Learns from a store of views; `make_views`, when given, adds to it."""

    def __init__(
        self,
        settings: Settings,
        store: ViewStore,
        vocabulary: Vocabulary,
        out: Path,
        make_views: Callable[[], None] | None = None,
        valid: ViewStore | None = None,
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.settings, self._store, self._vocabulary, self._out = settings, store, vocabulary, out
        self._make_views, self._recipe = make_views, RECIPES[settings.kind]
        self._random = np.random.default_rng(settings.seed)
        self._crops = CropSource(store, vocabulary, self._random)
        self._valid_store, self._valid_batches = valid, list[tuple[Shape, CropBatch]]()
        torch.manual_seed(settings.seed)
        self._scale: Scale | None = None
        self.step, self.crops, self.minutes, self.labelling = 0, 0, 0.0, 0.0
        self.best, self._since_best, self._validated = math.inf, 0, 0.0
        self.crops_before = 0
        """Crops that the weights had seen when the run took them over."""
        self._log = RunLog(out)
        self._sums: dict[str, float] = {}
        self._summed = 0
        self._stopped = False

    def stop(self) -> None:
        """Have `run` end after the step that is at work."""
        self._stopped = True

    def run(self, clock: Callable[[], float]) -> Ended:
        """Learn until the run's minutes are used up or validation gets no better; `clock` gives seconds."""
        start = clock() - self.minutes * 60
        saved = self.minutes
        ended = Ended.TIME
        while (now := (clock() - start) / 60) < self.settings.minutes:
            if self._stopped or self._is_out_of_patience():
                ended = Ended.STOPPED if self._stopped else Ended.PATIENCE
                break
            self.minutes = now
            if self._make_views is not None and self._should_label():
                self._make_views()
                self.labelling += (clock() - start) / 60 - now
                self._store.refresh()
                continue
            if not len(self._store):
                raise SystemExit("there are no labelled views to learn from: label some first (segue-train label)")
            self.learn()
            if self.step % self.settings.log_steps == 0:
                self._store.refresh()  # another process may label too
            if self._should_validate():
                self.validate()
            if self.minutes - saved >= self.settings.checkpoint_minutes:
                self.save()
                saved = self.minutes
        else:
            self.minutes = self.settings.minutes
        self.save()
        return ended

    @property
    def _on_cuda(self) -> bool:
        return self.settings.device.startswith("cuda")

    def _is_out_of_patience(self) -> bool:
        return 0 < self.settings.patience <= self._since_best

    def _should_label(self) -> bool:
        too_few = len(self._store) < self.settings.first_views
        return too_few or self.labelling < self.settings.label_share * self.minutes

    def _should_validate(self) -> bool:
        if self._valid_store is None or self.minutes - self._validated < self.settings.valid_minutes:
            return False
        self._validated = self.minutes
        return True

    def learn(self) -> float:
        """One step on one batch; returns the loss."""
        if self._scale is None:
            self._prepare()
        shape, size = pick_shape(self._recipe, self._random)
        size = max(round(size * self.settings.batch_scale), 2)
        batch = self._crops.batch(shape, self._need_scale(), size)
        terms = self._update(batch, shape)
        self.step += 1
        self.crops += size
        update_average(self.average, self.student, self.step)
        self._note(terms)
        return sum(terms.values())

    def _update(self, batch: CropBatch, shape: Shape) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        terms = self._terms(self.student, batch, shape)
        loss = torch.stack(list(terms.values())).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 5.0)
        self.optimiser.step()
        return {name: float(value.detach()) for name, value in terms.items()}

    def _terms(self, student: Student, batch: CropBatch, shape: Shape) -> dict[str, Tensor]:
        batch = CropBatch(*(column.to(self.settings.device) for column in batch))
        device = self.settings.device.split(":")[0]
        with torch.autocast(device, torch.bfloat16, enabled=self.settings.half):
            said = student(batch.mel)
        terms: dict[str, Tensor] = self._loss(student.heads, said.as_float(), batch, is_whole=shape.windows == WINDOWS)
        return terms

    @torch.inference_mode()
    def validate(self) -> float:
        """Loss of the averaged student on fixed crops of the validation views; keeps the best."""
        if not self._valid_batches:
            self._draw_validation()
        losses = [sum(map(float, self._terms(self.average, *pair[::-1]).values())) for pair in self._valid_batches]
        loss = float(np.mean(losses))
        self._write({"valid": round(loss, 5)})
        self._since_best = 0 if loss < self.best else self._since_best + 1
        if loss < self.best:
            self.best = loss
            self.save(BEST)
        return loss

    def _draw_validation(self) -> None:
        if self._valid_store is None:
            raise RuntimeError("there is nothing to validate on")
        crops = CropSource(self._valid_store, self._vocabulary, np.random.default_rng(0))
        for number in range(self.settings.valid_batches):
            shape, size, _ = self._recipe.shapes[number % len(self._recipe.shapes)]
            self._valid_batches.append((shape, crops.batch(shape, self._need_scale(), 2 * size)))

    def _rate(self) -> float:
        """Learning rate: some steps of warming up, then a half cosine over the run's minutes."""
        progress = min(self.minutes / self.settings.minutes, 1.0)
        warm = min((self.step + 1) / self.settings.warm_steps, 1.0)
        return self._highest * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))

    def _prepare(self) -> None:
        """Measure the targets once there are views, and make the student."""
        self._labels()
        self._build(self._crops.measure(self._recipe.shapes[0][0], self.settings.calibration_crops))

    def _build(self, scale: Scale) -> None:
        self._scale = scale
        settings = self.settings
        layout = Layout.of(self._labels())
        self._highest = settings.rate or self._recipe.rate
        tags, device = len(self._vocabulary.tags), settings.device
        student = Student(settings.kind, sizes_of(scale, tags), settings.width)
        student.start_at(torch.from_numpy(scale.tag_mean))
        self.student = student.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stub
        self.average = copy.deepcopy(self.student).eval()
        weights = dataclasses.replace(self._recipe.weights, **settings.weights)
        spread, whole, part = (
            torch.from_numpy(each)
            for each in (scale.tag_spread, layout.weights(1.0), layout.weights(self._recipe.guess))
        )
        self._loss = Distillation(weights, spread, whole, part).to(device)
        self.optimiser = torch.optim.AdamW(self.student.parameters(), lr=self._highest, weight_decay=1e-3)

    def _labels(self) -> dict[str, Labels]:
        """Labels of one view. Raises SystemExit when others labelled it than this run's teachers."""
        labels = self._store.draw(np.random.default_rng(0)).labels
        wanted = self.settings.teachers
        if wanted is not None and set(labels) != set(wanted):
            names = " ".join(sorted(labels)) or "nobody"
            raise SystemExit(f"the views were labelled by {names}: name the same teachers, or use another --views")
        return labels

    def _compare(self, state: dict[str, Any]) -> None:
        """Raise SystemExit when a checkpoint is of a run with other tags or another network."""
        theirs, ours = state["settings"], asdict(self.settings)
        different = ["kind"] if theirs["kind"] != ours["kind"] else []
        if not different and width_of(state["student"]) != (ours["width"] or SHIPPED_WIDTHS[self.settings.kind]):
            different.append("width")
        if state["tags"] != list(self._vocabulary.tags):
            different.append("tags")
        if different:
            raise SystemExit(f"{self._out} holds a run with another {' and '.join(different)}: choose another --out")

    def start_from(self, checkpoint: Path) -> int:
        """Begin with the weights of another run's average as far as they fit; returns how many tensors did.

        A run of a narrower network fits (see `segue_export.widening`). Raises SystemExit when the other network is wider.
        """
        if not checkpoint.is_file():
            raise SystemExit(f"{checkpoint}: there is no checkpoint to start from")
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        if state["settings"]["kind"] != self.settings.kind:
            raise SystemExit(f"{checkpoint} is of another kind of network: {state['settings']['kind']}")
        self._prepare()
        self.crops_before = state["progress"]["crops"] + state["progress"].get("crops_before", 0)
        theirs, ours = state["average"], self.student.state_dict()
        if width_of(theirs) > width_of(ours):
            raise SystemExit(f"{checkpoint} is of a wider network: choose --width {width_of(theirs)} or more")
        fitting = widened(theirs, ours)
        self.student.load_state_dict(ours | fitting)
        self.average.load_state_dict(self.student.state_dict())
        return len(fitting)

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
        self._write({"rate": f"{self._rate():.2e}", **means})

    def _write(self, values: dict[str, Any]) -> None:
        row = {"step": self.step, "minutes": round(self.minutes, 2), "views": len(self._store), "crops": self.crops}
        self._log.add(row | values)

    def save(self, name: str = CHECKPOINT) -> None:
        """Write a checkpoint; the one before stays until the new one is whole."""
        if self._scale is None:
            return
        state: dict[str, Any] = {
            "settings": asdict(self.settings),
            "tags": list(self._vocabulary.tags),
            "progress": {
                "step": self.step,
                "crops": self.crops,
                "minutes": self.minutes,
                "labelling": self.labelling,
                "best": self.best,
                "since_best": self._since_best,
                "validated": self._validated,
                "sums": dict(self._sums),
                "summed": self._summed,
                "crops_before": self.crops_before,
                "views": len(self._store),
            },
            "scale": {name: torch.from_numpy(np.asarray(value)) for name, value in vars(self._scale).items()},
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "torch_random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if self._on_cuda else [],
            "numpy_random": json.dumps(self._random.bit_generator.state),
        }
        partial = self._out / f"{name}.part"
        torch.save(state, partial)
        partial.replace(self._out / name)

    def fill(self) -> None:
        """Have views made until there are enough to begin with."""
        while self._make_views is not None and len(self._store) < self.settings.first_views:
            self._make_views()
            self._store.refresh()

    def restore(self) -> bool:
        """Go on from the run's checkpoint; False when there is none."""
        path = self._out / CHECKPOINT
        if not path.exists():
            return False
        self._store.refresh()
        state = torch.load(path, map_location=self.settings.device, weights_only=True)
        self._compare(state)
        if is_outdated(state["student"]) or state["optimiser"] is None:
            raise SystemExit(f"{path} is of an earlier version of the network: begin a new run with --start {path}")
        self._build(Scale(**{name: value.cpu().numpy() for name, value in state["scale"].items()}))
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        progress = state["progress"]
        self.step, self.crops = progress["step"], progress["crops"]
        self.minutes, self.labelling, self.best = progress["minutes"], progress["labelling"], progress["best"]
        self._since_best, self._validated = progress.get("since_best", 0), progress.get("validated", self.minutes)
        self._sums, self._summed = dict(progress.get("sums", {})), progress.get("summed", 0)
        self.crops_before = progress.get("crops_before", 0)
        self._log.cut(self.step)
        torch.set_rng_state(state["torch_random"].cpu())
        if self._on_cuda and state.get("cuda_random"):
            torch.cuda.set_rng_state_all([each.cpu() for each in state["cuda_random"]])
        self._random.bit_generator.state = json.loads(state["numpy_random"])
        return True
