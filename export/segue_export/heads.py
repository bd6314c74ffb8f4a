"""Teach a finished run its tempo, key and metre: ``segue-train heads --run RUN --dataset DIR[:SHARE] ...``.

The rest of the network stays as it is, bit for bit, so that vectors and features do not change. What the early maps hold of each
chunk is heard once, on views whose tempo, key or metre is known (see `segue_export.augment`), and the heads learn from that in
a minute. They are measured on the validation split, on whole recordings, and written into the run's checkpoint.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from segue.frontend.constants import CHUNK_MELS, CHUNK_SAMPLES
from segue.frontend.mel import mel_db, stft_power
from segue.keys import KEYS
from segue_export.augment import Mixer
from segue_export.datasets.progress import Progress
from segue_export.evaluation.tempo_key import acc1, acc2, key_score
from segue_export.interrupts import interruptible
from segue_export.labelling import read_datasets
from segue_export.losses import known_classes
from segue_export.networks.musical import Musical
from segue_export.networks.short_chunk import ShortChunk
from segue_export.shards import Corpus, TrackLabels
from segue_export.targets import FEATURES, Array
from segue_export.trainer import CHECKPOINT
from segue_export.truth import METRES, TEMPI, truth_of
from segue_export.widening import width_of

_CLASSES = (len(TEMPI), len(KEYS), len(METRES))
_BATCH = 128
_RATE = 2e-3
_WARM_STEPS = 50
_DRAWS = 10
"""Views drawn at most for each that is wanted: some have no tempo and no key."""
_LONGEST = 16
"""Chunks of a recording that are measured."""


class Known(NamedTuple):
    """Chunks as the heads hear them, with what is known."""

    rhythm: Tensor
    pitch: Tensor
    wanted: tuple[Tensor, Tensor, Tensor]
    """Distributions over tempi, keys and metres, zero where unknown; one row a recording."""
    place: Tensor
    """The recording of each chunk."""
    labels: list[TrackLabels]


@interruptible("interrupted; the run is as it was")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    path = options.run / CHECKPOINT
    if not path.is_file():
        raise SystemExit(f"{path}: there is no checkpoint; is --run the folder of a run?")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["settings"]["kind"] != "shortchunk":
        raise SystemExit(f"{path} is of another kind of network: {state['settings']['kind']}")
    trunk = _trunk(state)
    views = hear_views(trunk, _labelled(options.dataset, "train"), options.views, options.seed)
    valid = hear_recordings(trunk, [corpus for corpus, _ in _labelled(options.dataset, "valid")])
    heads = learn(views, trunk.early_channels, options.epochs)
    figures = measure(heads, valid) if valid.labels else {}
    print(", ".join(f"{name} {value:g}" for name, value in figures.items()) or "no recording to measure with")
    _write(
        path, state, heads, {"views": len(views.labels), "chunks": len(views.place), "seed": options.seed, **figures}
    )
    return 0


def _trunk(state: dict[str, Any]) -> ShortChunk:
    """The averaged network of a checkpoint, without heads."""
    network = ShortChunk(len(FEATURES), width_of(state["average"]), musical=())
    own = network.state_dict()
    prefixed = {name.removeprefix("network."): value for name, value in state["average"].items()}
    network.load_state_dict({name: prefixed[name] for name in own})
    return network.eval()


def _labelled(datasets: list[str], split: str) -> list[tuple[Corpus, float]]:
    """The recordings of a split that have one of the labels."""
    found = []
    for corpus, share in read_datasets(datasets, split):
        corpus.tracks = [track for track in corpus.tracks if _is_known(track.labels)]
        if corpus.tracks:
            found.append((corpus, share))
    if not found and split == "train":
        raise SystemExit("no recording of the datasets has a tempo, a key or a metre (segue-dataset synth makes such)")
    return found


def _is_known(labels: TrackLabels | None) -> bool:
    return labels is not None and any(value is not None for value in (labels.tempo, labels.key, labels.metre))


def hear_views(trunk: ShortChunk, sources: Sequence[tuple[Corpus, float]], count: int, seed: int) -> Known:
    """So many augmented views of which something is known, in chunks."""
    mixer, random = Mixer(sources), np.random.default_rng(seed)

    def drawn() -> Iterator[tuple[Array, TrackLabels]]:
        for _ in range(_DRAWS * count):
            view = mixer.draw(random)
            if view.truth is not None and _is_known(view.truth):
                yield view.wave, view.truth

    with Progress("views", count) as progress:
        return _hear(trunk, progress.count(islice(drawn(), count)))


def hear_recordings(trunk: ShortChunk, corpora: Sequence[Corpus]) -> Known:
    """Whole recordings as they are."""
    recordings = [(corpus, number) for corpus in corpora for number in range(len(corpus))]
    limit = _LONGEST * CHUNK_SAMPLES
    with Progress("recordings", len(recordings)) as progress:
        return _hear(
            trunk,
            (
                (corpus.audio(number, 0, limit), corpus.tracks[number].labels)
                for corpus, number in progress.count(recordings)
            ),
        )


@torch.no_grad()
def _hear(trunk: ShortChunk, recordings: Iterator[tuple[Array, TrackLabels]]) -> Known:
    ear = Musical(trunk.early_channels, _CLASSES)
    heard, places, labels = list[tuple[Tensor, Tensor]](), list[int](), list[TrackLabels]()
    for wave, known in recordings:
        starts = range(0, len(wave) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
        if not starts:
            continue
        mels = [mel_db(stft_power(wave[start : start + CHUNK_SAMPLES]), CHUNK_MELS) for start in starts]
        rhythm, pitch = ear.hear(trunk.early(torch.from_numpy(np.stack(mels))))
        heard.append((rhythm.half(), pitch.half()))
        places.extend([len(labels)] * len(mels))
        labels.append(known)
    truths = [truth_of(known, ()) for known in labels]
    wanted = [torch.from_numpy(np.stack([truth[which] for truth in truths])) for which in range(3)] if truths else []
    rhythm, pitch = (torch.cat(column) for column in zip(*heard, strict=True)) if heard else (torch.empty(0),) * 2
    first, second, third = wanted or (torch.empty(0),) * 3
    return Known(rhythm, pitch, (first, second, third), torch.tensor(places), labels)


def learn(views: Known, channels: int, epochs: int) -> Musical:
    """Heads that learnt from chunks: cosine learning rate, all three questions at once."""
    heads = Musical(channels, _CLASSES)
    optimiser = torch.optim.AdamW(heads.parameters(), lr=_RATE, weight_decay=1e-2)
    batches = max(len(views.place) // _BATCH, 1)
    steps = epochs * batches

    def rate(step: int) -> float:
        return min((step + 1) / _WARM_STEPS, 1.0) * (0.01 + 0.495 * (1 + float(np.cos(np.pi * min(step / steps, 1.0)))))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    with Progress("epochs", epochs) as progress:
        for _ in progress.count(range(epochs)):
            for rows in torch.randperm(len(views.place)).tensor_split(batches):
                said = heads.read(views.rhythm[rows].float(), views.pitch[rows].float())
                pairs = zip(said, views.wanted, strict=True)
                loss = torch.stack([known_classes(logits, each[views.place[rows]]) for logits, each in pairs]).sum()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
    return heads.eval()


@torch.no_grad()
def measure(heads: Musical, recordings: Known) -> dict[str, float]:
    """Accuracy of the class with the largest mean probability over a recording; what is not known does not count."""
    parts = zip(torch.split(recordings.rhythm, 512), torch.split(recordings.pitch, 512), strict=True)
    said = [heads.read(rhythm.float(), pitch.float()) for rhythm, pitch in parts]
    best = []
    for which in range(3):
        probabilities = torch.cat([answer[which] for answer in said]).softmax(1)
        total = torch.zeros(len(recordings.labels), probabilities.shape[1])
        best.append(total.index_add_(0, recordings.place, probabilities).argmax(1).tolist())
    labels = list(enumerate(recordings.labels))
    tempi = [(TEMPI[best[0][row]], known.tempo) for row, known in labels if known.tempo is not None]
    keys = [(KEYS[best[1][row]], known.key) for row, known in labels if known.key is not None]
    metres = [(METRES[best[2][row]], known.metre) for row, known in labels if known.metre is not None]
    figures = {
        "tempo_acc1": [acc1(ours, true) for ours, true in tempi],
        "tempo_acc2": [acc2(ours, true) for ours, true in tempi],
        "key_exact": [ours == true for ours, true in keys],
        "key_mirex": [key_score(ours, true) for ours, true in keys],
        "metre_right": [ours == true for ours, true in metres],
        "metre_always_four": [true == 4 for _, true in metres],
    }
    means = {name: round(float(np.mean(right)), 4) for name, right in figures.items() if right}
    return {"recordings": len(labels), **means}


def _write(path: Path, state: dict[str, Any], heads: Musical, figures: dict[str, Any]) -> None:
    fresh = {f"network.musical.{name}": value for name, value in heads.state_dict().items()}
    for part in ("student", "average"):
        kept = {name: value for name, value in state[part].items() if not name.startswith("network.musical")}
        state[part] = kept | fresh
    # What the optimiser remembers is of the heads of before.
    partial = path.with_suffix(".part")
    torch.save(state | {"heads": figures, "optimiser": None}, partial)
    partial.replace(path)
    print(f"written into {path}; export it next (segue-export shortchunk)")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-train heads", description=__doc__)
    add = parser.add_argument
    add("--run", type=Path, required=True, help="the run's folder, of a Short-Chunk network")
    add("--dataset", action="append", required=True, help="folder of a dataset, with ':SHARE' if wanted")
    add("--views", type=int, default=1500, help="views of 29 s to learn from (default: 1500)")
    add("--epochs", type=int, default=12, help="how often all of them are seen (default: 12)")
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
