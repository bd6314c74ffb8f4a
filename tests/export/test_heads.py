"""Tempo, key and metre are read where time and pitch stand apart, and are taught without moving the rest of the network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from export_support import TAGS, mixer, teachers, write_corpus

from segue.frontend.constants import CHUNK_SAMPLES, SAMPLE_RATE
from segue.frontend.mel import mel_db, stft_power
from segue.networks.manifest import ModelManifest
from segue.networks.providers import open_session
from segue_export import export, heads, train
from segue_export.networks.musical import Musical
from segue_export.networks.short_chunk import ShortChunk
from segue_export.onnx_file import MUSICAL, Outputs, to_onnx
from segue_export.shards import ShardWriter, TrackLabels
from segue_export.trainer import CHECKPOINT, Settings, Trainer
from segue_export.truth import METRES, TEMPI, truth_of
from segue_export.views import ViewMaker, ViewStore
from segue_export.vocabulary import Vocabulary

BPM = (90.0, 100.0, 110.0, 120.0, 130.0, 140.0)
KEYS = ("A minor", "C# minor", "F minor")


def clicks(bpm: float, key: str, seed: int, seconds: float = 38.0) -> np.ndarray:
    """Noise on each beat over a soft minor chord, int16 at 16 kHz."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tonic = {"A minor": 880.0, "C# minor": 1108.7, "F minor": 1396.9}[key]
    chord = sum(np.sin(2 * np.pi * tonic * ratio * time) for ratio in (1, 2 ** (3 / 12), 2 ** (7 / 12)))
    wave = random.standard_normal(len(time)) * np.exp(-25 * ((time * bpm / 60 + random.random()) % 1)) + 0.15 * chord
    return (wave / np.abs(wave).max() * 20_000).astype(np.int16)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clicks of six tempi in three keys, and a run of a few steps on other music."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("data")
    writer = ShardWriter(folder / "clicks")
    for split in ("train", "valid"):
        for number in range(18 if split == "train" else 6):
            bpm, key = BPM[number % 6], KEYS[number // 6 if split == "train" else number % 3]
            samples = clicks(bpm, key, number + 100 * (split == "valid"))
            digest = hashlib.sha256(samples.tobytes()).hexdigest()
            labels = TrackLabels(tempo=bpm, key=key, metre=4)
            writer.add(f"{split}-{number}", "a.ogg", "CC0-1.0", digest, samples, split=split, labels=labels)
    write_corpus(folder / "other")
    ViewMaker(mixer(folder / "other"), teachers(), folder / "views", "test", 1).make()
    return folder


def settled(data: Path, out: Path, width: int = 4) -> Trainer:
    settings = Settings("shortchunk", minutes=60, width=width, half=False, calibration_crops=8, batch_scale=1 / 32)
    return Trainer(settings, ViewStore(data / "views"), Vocabulary.of(TAGS), out)


def begun(data: Path, out: Path, width: int = 4) -> Trainer:
    run = settled(data, out, width)
    run.learn()
    run.save()
    return run


def test_they_are_learnt_and_the_rest_is_left_as_it_was(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(data, tmp_path / "run", width=8)
    before = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    given = ["--run", str(tmp_path / "run"), "--dataset", str(data / "clicks"), "--views", "48", "--epochs", "40"]
    assert train.main(["heads", *given]) == 0
    assert "tempo_acc1" in capsys.readouterr().out
    after = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    figures = after["heads"]
    assert figures["views"] == 48
    assert figures["recordings"] == 6
    assert figures["tempo_acc1"] > 0.6, "chance is one in six"
    assert figures["metre_right"] == figures["metre_always_four"] == 1.0
    for part in ("student", "average"):
        for name, value in before[part].items():
            same = torch.equal(value, after[part][name])
            assert same is not name.startswith("network.musical") or value.numel() < 200, name
    assert (
        export.main(
            ["shortchunk", "--run", str(tmp_path / "run"), "--dataset", str(data / "other"), "--out", str(tmp_path)]
        )
        == 0
    )
    manifest = ModelManifest.load(tmp_path / "short_chunk.json")
    assert manifest.training["heads"] == figures
    # What the file says of a chunk is what was measured.
    wave = clicks(120.0, "A minor", 7)[: 8 * CHUNK_SAMPLES].astype(np.float32) / 32768
    mels = np.stack([mel_db(stft_power(part), 128) for part in wave.reshape(8, -1)])
    tempo = open_session(manifest.path, "cpu")[0].run(["tempo"], {"mel": mels})[0].mean(0)
    assert TEMPI[int(tempo.argmax())] == pytest.approx(120, rel=0.05)
    again = settled(data, tmp_path / "run", width=8)
    with pytest.raises(SystemExit, match="begin a new run with --start"):
        again.restore()


def test_a_run_of_before_gets_heads_that_hear(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun(data, tmp_path / "run")
    path = tmp_path / "run" / CHECKPOINT
    state = torch.load(path, weights_only=True)
    for part in ("student", "average"):
        state[part] = {name: value for name, value in state[part].items() if ".musical" not in name}
        state[part]["network.musical_hidden.0.weight"] = torch.zeros(8, 16)
    torch.save(state, path)
    words = [
        "shortchunk",
        "--run",
        str(tmp_path / "run"),
        "--dataset",
        str(data / "other"),
        "--out",
        str(tmp_path / "m"),
    ]
    assert export.main(words) == 1
    assert "segue-train heads" in capsys.readouterr().err
    run = settled(data, tmp_path / "run")
    with pytest.raises(SystemExit, match="earlier version"):
        run.restore()
    only = ShardWriter(tmp_path / "only")
    only.add("a", "a.ogg", "", "1", clicks(90, KEYS[0], 1), split="train", labels=TrackLabels(tempo=90.0))
    given = ["--run", str(tmp_path / "run"), "--dataset", str(tmp_path / "only"), "--views", "4", "--epochs", "1"]
    assert heads.main(given) == 0
    assert "no recording to measure with" in capsys.readouterr().out
    assert export.main(words) == 0


def test_a_tempo_is_heard_in_noise_that_comes_and_goes() -> None:
    """The strongest bin of the spectrum is that of the pulse, whatever its phase."""
    ear = Musical(2, (len(TEMPI), 24, len(METRES)))
    time = torch.arange(58) * 4 * 256 / SAMPLE_RATE
    for bpm in (90.0, 120.0, 150.0):
        maps = (1 + torch.cos(2 * torch.pi * (time * bpm / 60 + 0.3))).expand(1, 2, 32, 58).contiguous()
        rhythm, pitch = ear.hear(maps)
        strongest = int(rhythm.reshape(8, 60)[0].argmax())
        assert strongest * SAMPLE_RATE / (4 * 256 * 128) * 60 == pytest.approx(bpm, abs=4)
        assert pitch.shape == (1, 64)


def test_key_does_not_mind_when_and_tempo_does_not_mind_how_high() -> None:
    ear = Musical(2, (len(TEMPI), 24, len(METRES)))
    maps = torch.rand(1, 2, 32, 58)
    rhythm, pitch = ear.hear(maps)
    assert torch.allclose(ear.hear(maps.flip(3))[1], pitch, atol=1e-5)
    assert torch.allclose(ear.hear(maps.unflatten(2, (4, 8)).flip(3).flatten(2, 3))[0], rhythm, atol=1e-4)


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = ShortChunk(6, 4, musical=(len(TEMPI), 24, len(METRES))).eval()
    mel = (np.random.default_rng(1).standard_normal((3, 128, 231)) * 15 - 40).astype(np.float32)
    to_onnx(Outputs(network).eval(), mel, ["features", "embedding", *MUSICAL], tmp_path / "n.onnx")
    session = open_session(tmp_path / "n.onnx", "cpu")[0]
    with torch.inference_mode():
        wanted = [head.softmax(1).numpy() for head in network(torch.from_numpy(mel)).musical]
    for ours, theirs in zip(wanted, session.run(list(MUSICAL), {"mel": mel}), strict=True):
        assert theirs == pytest.approx(ours, abs=1e-5)


def test_a_key_that_nobody_can_hear_is_not_taught() -> None:
    for trusted in (None, True, False):
        truth = truth_of(TrackLabels(key="A minor", key_trusted=trusted), ())
        assert truth.key.sum() == (trusted is not False)


@pytest.mark.parametrize(
    ("change", "said"), [("kind", "another kind"), ("labels", "no recording"), ("run", "no checkpoint")]
)
def test_what_makes_no_sense_is_refused(data: Path, tmp_path: Path, change: str, said: str) -> None:
    begun(data, tmp_path / "run")
    path = tmp_path / "run" / CHECKPOINT
    if change == "kind":
        state = torch.load(path, weights_only=True)
        state["settings"]["kind"] = "crnn"
        torch.save(state, path)
    elif change == "run":
        path.unlink()
    folder = tmp_path / "unlabelled"
    ShardWriter(folder).add("a", "a.ogg", "", "1", clicks(90, KEYS[0], 1), split="train")
    dataset = folder if change == "labels" else data / "clicks"
    with pytest.raises(SystemExit, match=said):
        heads.main(["--run", str(tmp_path / "run"), "--dataset", str(dataset)])
