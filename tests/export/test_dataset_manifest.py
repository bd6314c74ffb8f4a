"""The manifest of a dataset: what is written is read back, old ones too, and an interruption leaves nothing broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export_support import tune

from segue_export.datasets.labels import TrackLabels, decode_labels, encode_labels
from segue_export.shards import FIELDS, Corpus, ShardWriter, Track, read_manifest, split_of

FULL = TrackLabels(
    tags=("jazz", "piano"),
    tags_known=("jazz", "piano", "rock"),
    style="swing",
    instruments=("piano", "bass"),
    tempo=128.0,
    tempo_range=(124.0, 135.5),
    first_beat=0.35,
    key="A minor",
    key_trusted=False,
    metre=4,
    energy=0.25,
    voice=0.0,
    loudness=-9.5,
    duration=30.0,
)


def write_three(folder: Path) -> list[np.ndarray]:
    """Three recordings in two groups, and a file that could not be read."""
    waves = [tune(seed, 1.0 + seed) for seed in range(3)]
    writer = ShardWriter(folder)
    writer.add("one", "a.ogg", "CC0-1.0", "0", waves[0], split="test", source="here", labels=FULL)
    writer.add("one", "b.ogg", "CC0-1.0", "1", waves[1])
    writer.add("two", "c.ogg", "CC0-1.0", "", "bad: no audio")
    writer.add("two", 'odd,"name\udce9.ogg', "CC0-1.0", "2", waves[2], split="train")
    return waves


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    waves = write_three(tmp_path)
    rows = read_manifest(tmp_path / "manifest.csv")
    assert rows[0] == Track("one", "a.ogg", "test", "CC0-1.0", "here", "0", 0, len(waves[0]), "ok", FULL)
    assert [row.split for row in rows] == ["test", "test", split_of("two"), "train"]
    assert rows[3].path == 'odd,"name\udce9.ogg'
    corpus = Corpus(tmp_path)
    for index, wave in enumerate(waves):
        assert np.array_equal(corpus.audio(index) * 32768, wave)
    assert [track.path for track in Corpus(tmp_path, "test").tracks] == ["a.ogg", "b.ogg"]
    with pytest.raises(ValueError, match="no track for the split 'valid'"):
        Corpus(tmp_path, "valid")


def test_a_group_is_in_one_split(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path)
    writer.add("one", "a.ogg", "", "0", tune(0, 1), split="valid")
    with pytest.raises(ValueError, match="its group 'one' is in the split 'valid', not 'train'"):
        ShardWriter(tmp_path).add("one", "b.ogg", "", "1", tune(1, 1), split="train")
    with pytest.raises(ValueError, match="'training' is no split"):
        writer.add("two", "b.ogg", "", "1", tune(1, 1), split="training")
    assert len(read_manifest(tmp_path / "manifest.csv")) == 1


@pytest.mark.parametrize("lost", [1, 20, 40])
def test_half_a_row_is_written_again(tmp_path: Path, lost: int) -> None:
    waves = write_three(tmp_path)
    manifest = tmp_path / "manifest.csv"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:-lost])
    writer = ShardWriter(tmp_path)
    assert len(writer.known) == 3
    writer.add("two", 'odd,"name\udce9.ogg', "CC0-1.0", "2", waves[2], split="train")
    assert manifest.read_bytes() == whole
    assert np.array_equal(Corpus(tmp_path).audio(2) * 32768, waves[2])


def test_a_row_without_its_audio_is_written_again(tmp_path: Path) -> None:
    waves = write_three(tmp_path)
    audio = tmp_path / "audio.i16"
    whole = audio.read_bytes()
    audio.write_bytes(whole[:-100])
    with pytest.raises(ValueError, match="cut short"):
        Corpus(tmp_path)
    writer = ShardWriter(tmp_path)
    assert ("two", 'odd,"name\udce9.ogg') not in writer.known
    writer.add("two", 'odd,"name\udce9.ogg', "CC0-1.0", "2", waves[2])
    assert audio.read_bytes() == whole


def test_a_full_disk_leaves_a_whole_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    writer = ShardWriter(tmp_path)
    writer.add("one", "a.ogg", "", "0", tune(0, 1))
    before = [(tmp_path / name).read_bytes() for name in ("manifest.csv", "audio.i16")]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            writer.add("one", "b.ogg", "", "1", tune(1, 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [(tmp_path / name).read_bytes() for name in ("manifest.csv", "audio.i16")] == before
    assert writer.add("one", "b.ogg", "", "1", tune(1, 2)) == "ok"
    assert Corpus(tmp_path).audio(1) * 32768 == pytest.approx(tune(1, 2))


def test_an_old_manifest_is_read_and_gets_the_new_columns_when_it_grows(tmp_path: Path) -> None:
    wave = tune(0, 1)
    (tmp_path / "audio.i16").write_bytes(wave.tobytes())
    (tmp_path / "manifest.csv").write_text(
        f"package,path,licence,sha256,offset,samples,status\r\ngame-data,a.ogg,GPL-2,0,0,{len(wave)},ok\r\n"
    )
    old = Corpus(tmp_path).tracks[0]
    assert (old.package, old.split, old.labels) == ("game-data", split_of("game-data"), TrackLabels())
    ShardWriter(tmp_path).add("game-data", "b.ogg", "GPL-2", "1", tune(1, 1), labels=FULL)
    assert (tmp_path / "manifest.csv").read_text().splitlines()[0] == ",".join(FIELDS)
    first, second = Corpus(tmp_path).tracks
    assert first == old
    assert second.labels == FULL


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("one,a.ogg,train", "row 3: 10 columns are expected, and it has 3"),
        ("one,a.ogg,all,,,0,0,1,ok,", "row 3: 'all' is no split"),
        ("one,a.ogg,train,,,0,0,many,ok,", "row 3: .*many"),
        ('one,a.ogg,train,,,0,0,1,ok,"{""tmpo"": 1}"', "row 3: labels: .*tmpo"),
        ('one,a.ogg,train,,,0,0,1,ok,"{""key"": ""H""}"', "row 3: labels: key is 'H'"),
        ('one,a.ogg,train,,,0,0,1,ok,"{"', "row 3: labels: "),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, words: str) -> None:
    ShardWriter(tmp_path).add("one", "b.ogg", "", "0", tune(0, 1))
    with (tmp_path / "manifest.csv").open("a") as file:
        file.write(row + "\n")
    with pytest.raises(ValueError, match=words):
        read_manifest(tmp_path / "manifest.csv")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"energy": 1.01}, "energy is 1.01: it goes from 0 to 1"),
        ({"valence": float("nan")}, "valence is nan"),
        ({"tempo": 0.0}, "tempo is 0.0"),
        ({"tempo_range": (90.0, 80.0)}, "tempo_range"),
        ({"first_beat": -0.1}, "first_beat is -0.1: seconds"),
        ({"key": "Bb major"}, "key is 'Bb major'"),
        ({"metre": 0}, "metre is 0"),
        ({"loudness": float("inf")}, "loudness"),
        ({"duration": -1.0}, "duration"),
    ],
)
def test_labels_out_of_range_are_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TrackLabels(**fields)


def test_labels_as_json() -> None:
    assert decode_labels(encode_labels(FULL)) == FULL
    assert encode_labels(TrackLabels()) == ""
    assert encode_labels(TrackLabels(tags=("jazz",))) == '{"tags":["jazz"]}'
    # One of before there were first beats and trusted keys.
    assert decode_labels('{"tempo":120.0,"key":"A minor"}') == TrackLabels(tempo=120.0, key="A minor")
    assert FULL.known()[:3] == ("tags", "tags_known", "style")
