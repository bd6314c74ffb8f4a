"""The graph's files: a manifest that names a graph file and its register, each with a checksum.

A save writes new files under names of their own and then replaces the manifest in one step, so that a crash at any
moment leaves the old set or the new one. SQLite is the truth: whatever is wrong here, the cure is to build again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from segue.index import hnsw
from segue.index.hnsw import Graph

FORMAT: Final = 1
MANIFEST: Final = "index.json"
MAX_MANIFEST_BYTES: Final = 65_536


class CacheUnusableError(Exception):
    """The saved graph must not be used; the message says why. It never leaves this package."""


class Manifest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a saved graph is."""

    format: int
    model: str
    dim: int
    space: str
    m: int
    ef_construction: int
    count: int
    """Tracks that can be found."""
    labels: int
    """Labels in the graph file, tombstones among them."""
    generation: int
    graph_file: str
    graph_sha256: str
    register_file: str
    register_sha256: str


class _Sealed(msgspec.Struct, forbid_unknown_fields=True):
    manifest: msgspec.Raw
    sha256: str


def save(folder: Path, graph: Graph, *, model: str, generation: int) -> Manifest:
    """Write ``graph`` so that a crash leaves the old files or the new ones. Raises OSError (a full disk, no access)."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{generation:012d}-{secrets.token_hex(4)}"
    graph_path, register_path = folder / f"{name}.hnsw", folder / f"{name}.register"
    try:
        register = _write_graph(graph_path, graph)
        _write(register_path, register.tobytes())
        manifest = Manifest(
            format=FORMAT,
            model=model,
            dim=graph.dim,
            space=hnsw.SPACE,
            m=hnsw.M,
            ef_construction=hnsw.EF_CONSTRUCTION,
            count=int(np.count_nonzero(register["id"] >= 0)),
            labels=len(register),
            generation=generation,
            graph_file=graph_path.name,
            graph_sha256=_sha256(graph_path),
            register_file=register_path.name,
            register_sha256=_sha256(register_path),
        )
        body = msgspec.json.encode(manifest)
        sealed = _Sealed(msgspec.Raw(body), hashlib.sha256(body).hexdigest())
        _write(folder / MANIFEST, msgspec.json.encode(sealed))
    except BaseException:
        for path in (graph_path, register_path):
            path.unlink(missing_ok=True)
        raise
    _sweep(folder, keep={MANIFEST, graph_path.name, register_path.name})
    return manifest


def load(folder: Path, *, dim: int, model: str) -> Graph:
    """Read the saved graph. Raises CacheUnusableError at the slightest doubt."""
    manifest = read_manifest(folder)
    expected = (FORMAT, model, dim, hnsw.SPACE, hnsw.M, hnsw.EF_CONSTRUCTION)
    if expected != (
        manifest.format,
        manifest.model,
        manifest.dim,
        manifest.space,
        manifest.m,
        manifest.ef_construction,
    ):
        raise CacheUnusableError("it was made with another model or other settings")
    graph_path, register_path = folder / manifest.graph_file, folder / manifest.register_file
    try:
        # The checksums come first: hnswlib reads damaged files in silence, and a crafted one past the end of its memory.
        if _sha256(graph_path) != manifest.graph_sha256 or _sha256(register_path) != manifest.register_sha256:
            raise CacheUnusableError("a file is damaged")
        register = np.fromfile(register_path, dtype=hnsw.REGISTER)
        if len(register) != manifest.labels or np.count_nonzero(register["id"] >= 0) != manifest.count:
            raise CacheUnusableError("the register has another length than the manifest says")
        return Graph.load(graph_path, dim, register)
    except (OSError, RuntimeError, ValueError) as error:
        raise CacheUnusableError(str(error)) from error


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest. Raises CacheUnusableError."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES)
        sealed = msgspec.json.decode(data, type=_Sealed)
        if hashlib.sha256(bytes(sealed.manifest)).hexdigest() != sealed.sha256:
            raise CacheUnusableError("the manifest is damaged")
        manifest = msgspec.json.decode(sealed.manifest, type=Manifest)
    except FileNotFoundError:
        raise CacheUnusableError("there is none") from None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CacheUnusableError(f"the manifest cannot be read: {error}") from error
    if any(Path(name).name != name for name in (manifest.graph_file, manifest.register_file)):
        raise CacheUnusableError("the manifest names a file elsewhere")
    return manifest


def discard(folder: Path) -> None:
    """Delete whatever is saved."""
    _sweep(folder, keep=set())


def _write_graph(path: Path, graph: Graph) -> hnsw.Register:
    # hnswlib opens a path, not a file: the temporary name keeps a half-written graph from looking like a whole one.
    part = path.with_suffix(".part")
    try:
        register = graph.save(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except RuntimeError as error:
        raise OSError(f"the graph could not be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return register


def _write(path: Path, data: bytes) -> None:
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its journal orders the rename.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path, keep: set[str]) -> None:
    for pattern in ("*.hnsw", "*.register", "*.part", MANIFEST):
        for path in folder.glob(pattern):
            if path.name not in keep:
                with contextlib.suppress(OSError):  # On Windows a scanner may hold it; the next save tries again.
                    path.unlink()
