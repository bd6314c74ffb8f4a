"""A set of networks from published checkpoints, in a folder: what `segue models install msd` registers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch

from segue_export.reference import convert, features, measure
from segue_export.reference.convert import CRNN_SHAPE, SHORT_SHAPE
from segue_export.reference.fetch import Say
from segue_export.reference.networks import PublishedCrnn, PublishedShortRes, Tagging
from segue_export.reference.published import CRNN, NOTICE, SHORT_RES, VERSION

_RAW: Final = "raw.onnx"


class Built(NamedTuple):
    """What came of it."""

    parity: float
    """Largest difference between ONNX Runtime and PyTorch."""
    measured_on: str


def build(crnn: Path, short_res: Path, files: Sequence[str], out: Path, say: Say) -> Built:
    """Write a whole set of networks into an empty folder.

    Args:
        crnn: the published weights of the CRNN, verified.
        short_res: those of the Short-Chunk network.
        files: audio files to measure the statistics on.
        out: the folder.
        say: hears of the progress.

    Raises:
        ModelMismatchError: a checkpoint does not hold what it should, or its conversion computes something else.
        OSError: the disk is full, or cannot be written.

    """
    torch.set_num_threads(1)  # in the background, like everything that Segue does
    say("converting the CRNN")
    tagger = Tagging(convert.load(PublishedCrnn(), crnn, CRNN_SHAPE.mels))
    crnn_path, short_path, raw_path = out / "crnn.onnx", out / "short_chunk.onnx", out / _RAW
    parity = convert.write(tagger, CRNN_SHAPE, crnn_path)
    first = convert.describe(tagger, CRNN_SHAPE, crnn_path, CRNN, parity)

    say("converting the Short-Chunk network")
    scores = features.Scores(convert.load(PublishedShortRes(), short_res, SHORT_SHAPE.mels))
    convert.write(scores, SHORT_SHAPE, raw_path)
    heard, measured_on = measure.listen(measure.Ears(crnn_path, raw_path), files, say)
    raw_path.unlink()
    ranks = features.Ranks(scores, features.percentiles(np.concatenate([one.scores for one in heard])))
    difference = convert.write(ranks, SHORT_SHAPE, short_path)
    second = convert.describe(ranks, SHORT_SHAPE, short_path, SHORT_RES, difference)

    statistics = measure.describe(heard, {"crnn": first.sha256, "short_chunk": second.sha256}, f"msd-{VERSION}")
    convert.save_json(out / "vector.json", statistics)
    (out / "LICENSE.txt").write_text(NOTICE, encoding="utf-8")
    return Built(max(parity, difference), measured_on)
