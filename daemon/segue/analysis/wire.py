"""What daemon and worker say to each other: msgpack over a pipe, never pickle, for a worker reads hostile files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from segue.analysis.result import Embedding, Heard, Likeness, Probe, TrackAnalysis
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.errors import SegueError, WorkerError, error_kinds


class WorkerReport(msgspec.Struct, frozen=True):
    """What a worker says of itself when it is warm."""

    provider: str
    """What runs the networks, as in ``CPUExecutionProvider``."""
    model_id: str
    dim: int
    """Length of the track vector."""
    labels: tuple[str, ...]
    """Names of the tags."""
    versions: dict[str, str]
    """Versions of the models by name."""


class Job(msgspec.Struct, frozen=True):
    """One thing to do with one file."""

    task: Literal["probe", "analyse", "listen", "embed", "compare", "retag"]
    file: bytes
    """The path as the system has it, which need not be text."""
    models: bytes = b""
    """Folder of the networks to use; empty: those that the worker was started with."""
    tags: TagRequest | None = None
    """What to write, for the task ``retag``."""
    other: bytes = b""
    """For the task ``compare``: the file that `file` is compared with."""
    speeds: tuple[float, ...] = ()
    """For the task ``compare``: see `segue.analysis.likeness.likenesses`."""

    @property
    def path(self) -> Path:
        """The file."""
        return Path(os.fsdecode(self.file))

    @property
    def other_path(self) -> Path:
        """The file to compare with."""
        return Path(os.fsdecode(self.other))

    @property
    def models_folder(self) -> Path | None:
        """The folder of the networks to use, where it is not the worker's own."""
        return Path(os.fsdecode(self.models)) if self.models else None

    @property
    def name(self) -> str:
        """The file's name as readable text."""
        return readable(self.path.name)


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """A SegueError that crossed the pipe."""

    code: str
    message: str

    @classmethod
    def of(cls, error: SegueError) -> Failure:
        """The message of an error."""
        return cls(error.code, readable(str(error)))

    def error(self) -> SegueError:
        """The error again, of the class that has its code."""
        return error_kinds().get(self.code, WorkerError)(self.message)


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The worker is warm."""

    report: WorkerReport


class Probed(msgspec.Struct, frozen=True, tag="probed"):
    """The answer to the task ``probe``."""

    probe: Probe


class Analysed(msgspec.Struct, frozen=True, tag="analysed"):
    """The answer to the task ``analyse``."""

    analysis: TrackAnalysis


class Listened(msgspec.Struct, frozen=True, tag="listened"):
    """The answer to the task ``listen``."""

    heard: Heard


class Compared(msgspec.Struct, frozen=True, tag="compared"):
    """The answer to the task ``compare``."""

    likenesses: tuple[Likeness, ...]


class Embedded(msgspec.Struct, frozen=True, tag="embedded"):
    """The answer to the task ``embed``."""

    embedding: Embedding


class Retagged(msgspec.Struct, frozen=True, tag="retagged"):
    """The answer to the task ``retag``."""

    outcome: TagOutcome


Answer = Probed | Analysed | Listened | Embedded | Compared | Retagged
Reply = Ready | Failure | Answer


def encode(message: Job | Reply) -> bytes:
    """A message as bytes."""
    return msgspec.msgpack.encode(message, enc_hook=_encode_array)


def decode_job(data: bytes) -> Job:
    """The job in a message. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(data, type=Job)


def decode_reply(data: bytes) -> Reply:
    """The reply in a message. Raises msgspec.DecodeError."""
    reply: Reply = msgspec.msgpack.decode(data, type=Reply, dec_hook=_decode_array)
    return reply


def readable(text: str) -> str:
    """Text without the lone surrogates that stand for bytes of a file name that are no text."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _encode_array(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return value.astype("<f4").tobytes()
    raise NotImplementedError(f"{type(value).__name__} does not cross the pipe")


def _decode_array(_kind: type, value: Any) -> Any:
    return np.frombuffer(value, dtype="<f4").astype(np.float32)
