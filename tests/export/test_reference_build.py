"""From checkpoints of the published shapes to a set of networks that Segue can use."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from reference_support import DIM, DRIVER, state, write_checkpoints
from segue.cli import models
from segue.cli.main import main
from segue.errors import ModelMismatchError
from segue.frontend.mel import mel_db, stft_power
from segue.home import Home
from segue.networks.sessions import Networks, golden_mel
from segue_export.reference import convert, features, measure
from segue_export.reference.build import build
from segue_export.reference.fetch import git_id
from segue_export.reference.networks import PublishedCrnn, PublishedShortRes, Tagging
from segue_export.reference.published import CRNN, SHORT_RES, TAGS

TEACHERS = os.environ.get("SEGUE_TEACHERS", "")


@pytest.fixture(scope="module")
def built(tmp_path_factory, music):
    """A set made of made-up checkpoints, measured on two files and three short renderings."""
    folder = tmp_path_factory.mktemp("reference")
    copy = write_checkpoints(folder / "copy")
    out = folder / "set"
    out.mkdir()
    specs = [replace(spec, seconds=8.0) for spec in islice(measure.synthesised(), 0, 12, 4)]
    files = [*map(str, sorted(music.iterdir())[:2]), "/no/such/file.mp3"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "synthesised", lambda: iter(specs))
        result = build(copy / CRNN.path, copy / SHORT_RES.path, files, out, lambda _: None)
    return out, result


@pytest.fixture(scope="module")
def networks(built):
    return Networks.load(built[0], "cpu")


def test_the_set_is_whole_and_computes_what_pytorch_computes(built, networks):
    out, result = built
    assert result.parity <= 1e-4
    assert networks.self_test() < 1e-3
    assert networks.vector.dim == DIM
    assert networks.tagger.tags == list(TAGS)
    assert networks.short_chunk.features == list(features.FEATURES)
    assert {path.name for path in out.iterdir()} == {
        "crnn.json", "crnn.onnx", "short_chunk.json", "short_chunk.onnx", "vector.json", "LICENSE.txt"
    }  # fmt: skip


def test_the_licence_and_the_origin_travel_along(built):
    out, _ = built
    assert "Universitat Pompeu Fabra" in (out / "LICENSE.txt").read_text()
    manifest = json.loads((out / "crnn.json").read_text())
    assert manifest["licence"] == "MIT"
    assert manifest["training"]["git_object"] == CRNN.git_id


def test_what_was_measured_on_is_said(built):
    out, result = built
    assert result.measured_on == "2 tracks of yours and 3 synthesised tracks"
    assert json.loads((out / "vector.json").read_text())["tracks"] == 5


def test_features_are_ranks_of_the_formulas(built, tmp_path):
    """Computed once more without the graph: logits from PyTorch, the rest in numpy."""
    out, _ = built
    network = convert.load(PublishedShortRes(), write_checkpoints(tmp_path) / SHORT_RES.path, 128)
    mel = np.concatenate([golden_mel(phase, 128, 231) for phase in np.linspace(0.1, 3.0, 6)])
    with torch.inference_mode():
        logits = network(torch.from_numpy(mel))[0].numpy()
    plus, minus = features.FORMULAS["valence"]
    valence = logits[:, [TAGS.index(tag) for tag in plus]].mean(1) - logits[:, [TAGS.index(tag) for tag in minus]].mean(
        1
    )
    with torch.inference_mode():
        scores = features.Scores(network)(torch.from_numpy(mel))[0].numpy()
    assert scores[:, 1] == pytest.approx(valence, abs=1e-4)
    steps = np.random.default_rng(2).uniform(0.004, 0.016, (6, 101)).cumsum(1)
    grid = (scores.mean(0)[:, None] + steps - steps[:, 50:51]).astype(np.float32)
    with torch.inference_mode():
        ranks = features.Ranks(features.Scores(network), grid)(torch.from_numpy(mel))[0].numpy()
    wanted = np.stack([np.interp(scores[:, i], grid[i], np.linspace(0, 1, 101)) for i in range(6)], 1)
    assert ranks == pytest.approx(wanted, abs=1e-3)
    assert np.ptp(ranks) > 0.01
    assert Networks.load(out, "cpu").short_chunk.run(mel)[0].min() >= 0


def test_energy_grows_with_loudness_and_onsets():
    time = np.arange(59_049) / 16_000
    tone = (0.1 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)
    beats = (tone * (np.sin(2 * np.pi * 4 * time) > 0.9)).astype(np.float32)
    waves = [tone, 4 * tone, beats]
    mels = np.stack([mel_db(stft_power(wave), 128)[:, :231] for wave in waves])
    quiet, loud, pulsing = features.energy(torch.from_numpy(mels))[:, 0].tolist()
    assert loud == pytest.approx(quiet + 20 * np.log10(4) / 8, abs=0.05)
    assert pulsing > quiet


class Malicious:
    def __reduce__(self):
        return (os.system, ("touch /tmp/segue-was-fooled",))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "best_model.pth"
    path.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(ModelMismatchError, match="weights"):
        convert.load(PublishedCrnn(), path, 96)
    torch.save({"dense.weight": Malicious()}, path)
    with pytest.raises(ModelMismatchError, match="weights"):
        convert.load(PublishedCrnn(), path, 96)
    assert not Path("/tmp/segue-was-fooled").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights: weights.pop("dense.bias"), "dense.bias"),
        (lambda weights: weights.update({"dense.bias": torch.zeros(7)}), "weights"),
        (lambda weights: weights.pop("spec.mel_scale.fb"), "spec.mel_scale.fb"),
        (lambda weights: weights["spec.mel_scale.fb"].mul_(2), "front end"),
    ],
)
def test_other_weights_are_refused(tmp_path, change, said):
    weights = state(PublishedCrnn(), 96)
    change(weights)
    torch.save(weights, tmp_path / "best_model.pth")
    with pytest.raises(ModelMismatchError, match=said):
        convert.load(PublishedCrnn(), tmp_path / "best_model.pth", 96)


def test_a_network_that_computes_nonsense_is_refused(tmp_path):
    network = PublishedCrnn().eval()
    with torch.no_grad():
        network.dense.bias.fill_(float("nan"))
    with pytest.raises(ModelMismatchError, match="inf"):
        convert.write(Tagging(network), convert.CRNN_SHAPE, tmp_path / "x.onnx")


@pytest.mark.skipif(not Path(TEACHERS, "msd_crnn.pth").is_file(), reason="needs SEGUE_TEACHERS, a folder of teachers")
def test_the_published_crnn_says_what_the_teacher_says(tmp_path, music):
    spec = importlib.util.spec_from_file_location("teachers", Path(TEACHERS, "teachers.py"))
    teachers = importlib.util.module_from_spec(spec)
    sys.modules["teachers"] = teachers
    spec.loader.exec_module(teachers)
    teacher = teachers.load("msd_crnn")
    network = Tagging(convert.load(PublishedCrnn(), Path(TEACHERS, "msd_crnn.pth"), 96))
    convert.write(network, convert.CRNN_SHAPE, tmp_path / "crnn.onnx")
    session, _ = convert.open_session(tmp_path / "crnn.onnx", "cpu")
    wave = np.resize(measure.excerpt(min(music.iterdir())), 29 * 16_000).astype(np.float32)
    with torch.inference_mode():
        embedding, logits = teacher(torch.from_numpy(wave)[None])
    tags, ours = session.run(["tags", "embedding"], {"mel": mel_db(stft_power(wave), 96)[None]})
    assert np.abs(ours - embedding.numpy()).max() < 1e-4
    assert np.abs(tags - logits.sigmoid().numpy()).max() < 1e-4
    assert list(TAGS) == teacher.tags


@pytest.mark.skipif(not TEACHERS, reason="SEGUE_TEACHERS names no folder with the published CRNN")
@pytest.mark.slow
def test_the_published_crnn_is_installed_beside_a_made_up_short_res(home, tmp_path, monkeypatch):
    """As `segue models install msd --from FOLDER` is typed; the CRNN is verified by its published id."""
    write_checkpoints(tmp_path)
    shutil.copyfile(Path(TEACHERS) / "msd_crnn.pth", tmp_path / CRNN.path)
    assert git_id(tmp_path / CRNN.path) == CRNN.git_id
    command = ["models", "install", "msd", "--from", str(tmp_path), "--home", str(home), "--json"]
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1, "made-up weights are not the published ones"
    assert "short_res" in refused.output
    monkeypatch.setattr(models, "CONVERTER", (str(DRIVER),))
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout.splitlines()[-1])
    assert (made["name"], made["dim"]) == ("msd", DIM)
    (folder,) = [path.parent for path in Home.locate(home).models_dir.rglob("crnn.json")]
    networks = Networks.load(folder, "cpu")
    assert networks.self_test() < 1e-3
    assert networks.tagger.tags == list(TAGS)
