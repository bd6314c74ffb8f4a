"""Whatever happens to the saved files: the graph is built again, and no answer is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from index_support import Source, clustered, naive, rows_of

from segue.index import cache, vectors
from segue.index.cache import CacheUnusableError
from segue.index.hnsw import Graph
from segue.index.vectors import VectorIndex

DIM = 16
MODEL = "networks-1"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    graph = Graph(DIM)
    graph.add(np.arange(1, 301), clustered(300, DIM))
    cache.save(tmp_path, graph, model=MODEL, generation=7)
    return tmp_path


def one(folder: Path, suffix: str) -> Path:
    (path,) = folder.glob(f"*{suffix}")
    return path


def flip(path: Path, at: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)


def cut(path: Path, to: float) -> None:
    path.write_bytes(path.read_bytes()[: int(to * path.stat().st_size)])


def forge(folder: Path, **changes: object) -> None:
    """Rewrite the manifest with a right seal: only what it says is wrong."""
    body = json.loads((folder / cache.MANIFEST).read_bytes())["manifest"] | changes
    text = json.dumps(body)
    seal = hashlib.sha256(text.encode()).hexdigest()
    (folder / cache.MANIFEST).write_text('{"manifest":' + text + ',"sha256":"' + seal + '"}')


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda f: (f / cache.MANIFEST).unlink(),
    "empty manifest": lambda f: (f / cache.MANIFEST).write_bytes(b""),
    "manifest is no JSON": lambda f: (f / cache.MANIFEST).write_bytes(b"\xff\x00 index"),
    "manifest cut": lambda f: cut(f / cache.MANIFEST, 0.6),
    "manifest endless": lambda f: (f / cache.MANIFEST).write_bytes(b"[" * 10_000_000),
    "bit flipped early in manifest": lambda f: flip(f / cache.MANIFEST, 0.2),
    "bit flipped late in manifest": lambda f: flip(f / cache.MANIFEST, 0.97),
    "no graph": lambda f: one(f, ".hnsw").unlink(),
    "empty graph": lambda f: one(f, ".hnsw").write_bytes(b""),
    "graph cut": lambda f: cut(one(f, ".hnsw"), 0.5),
    "graph longer": lambda f: one(f, ".hnsw").write_bytes(one(f, ".hnsw").read_bytes() + b"\0"),
    "bit flipped in header": lambda f: flip(one(f, ".hnsw"), 0.0005),
    "bit flipped in vectors": lambda f: flip(one(f, ".hnsw"), 0.5),
    "bit flipped at the end": lambda f: flip(one(f, ".hnsw"), 1.0),
    "no register": lambda f: one(f, ".register").unlink(),
    "register cut": lambda f: cut(one(f, ".register"), 0.5),
    "bit flipped in register": lambda f: flip(one(f, ".register"), 0.3),
    "graph is a folder": lambda f: (one(f, ".hnsw").unlink(), (f / cache.read_manifest(f).graph_file).mkdir()),
    "another model": lambda f: forge(f, model="networks-2"),
    "another dimension": lambda f: forge(f, dim=DIM + 1),
    "another space": lambda f: forge(f, space="l2"),
    "another count": lambda f: forge(f, count=299),
    "another number of labels": lambda f: forge(f, labels=299),
    "another format": lambda f: forge(f, format=999),
    "a field too many": lambda f: forge(f, surprise=1),
    "a file elsewhere": lambda f: forge(f, graph_file="../" + one(f, ".hnsw").name),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_healed(saved: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_ROWS", 0)
    DAMAGES[damage](saved)
    with pytest.raises(CacheUnusableError):
        cache.load(saved, dim=DIM, model=MODEL)

    source = Source(rows_of(clustered(300, DIM)))
    index = VectorIndex(saved, dim=DIM, model=MODEL)
    index.open(source, 7)
    rows = source.rows()
    for _ in range(2):  # while it is built, and from the graph
        for vector in rows.vectors[::60]:
            found, _ = index.search(rows, vector, 10)
            assert rows.ids[found.rows].tolist() == naive(rows, vector, 10)
        assert index.wait(30)
    index.close()
    assert cache.load(saved, dim=DIM, model=MODEL).count == 300


def test_what_was_saved_is_loaded(saved: Path) -> None:
    graph = cache.load(saved, dim=DIM, model=MODEL)
    assert graph.count == 300
    assert cache.read_manifest(saved).generation == 7


def test_a_second_save_replaces_the_first(saved: Path) -> None:
    graph = cache.load(saved, dim=DIM, model=MODEL)
    graph.add(np.array([301]), clustered(301, DIM)[300:])
    cache.save(saved, graph, model=MODEL, generation=8)
    assert cache.load(saved, dim=DIM, model=MODEL).count == 301
    assert len(list(saved.iterdir())) == 3


def test_a_save_that_fails_leaves_the_old_files(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = cache.load(saved, dim=DIM, model=MODEL)
    graph.add(np.array([301]), clustered(301, DIM)[300:])

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        cache.save(saved, graph, model=MODEL, generation=8)
    monkeypatch.undo()
    assert cache.load(saved, dim=DIM, model=MODEL).count == 300
    assert len(list(saved.iterdir())) == 3


SAVER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    import numpy as np
    from segue.index import cache
    from segue.index.hnsw import Graph

    vectors = np.eye(1, 16, dtype=np.float32)
    graph = Graph(16)
    for generation in range(1, 100_000):
        graph.add(np.array([generation]), vectors)
        cache.save(Path(sys.argv[1]), graph, model="networks-1", generation=generation)
        print(generation, flush=True)
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kill_9_while_saving_leaves_the_old_files_or_the_new(tmp_path: Path) -> None:
    dice = random.Random(1)
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", SAVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        reported = int((process.stdout.read().split() or ["1"])[-1])
        process.stdout.close()
        process.wait()

        graph, generation = cache.load(tmp_path, dim=16, model="networks-1"), cache.read_manifest(tmp_path).generation
        assert generation in {reported, reported + 1}
        assert graph.count == generation
