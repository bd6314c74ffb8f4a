"""Opening a file as a media container: the one border where the system's and FFmpeg's errors become Segue's."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from segue.audio.trailer import audio_end
from segue.errors import AudioError, DamagedAudioError, FileMissingError, FileUnreadableError, NotAudioError

_FORMATS: Final = "mp3,mov,aac,flac,ogg,wav,w64,aiff,caf,matroska"
_OPTIONS: Final = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
_BEGINS_LIKE_AUDIO: Final = re.compile(rb"ID3|fLaC|OggS|RIFF....WAVE|FORM....AIF[FC]|....ftyp", re.DOTALL)
_MAX_DEMUX_ERRORS: Final = 64
_RATES: Final = range(1_000, 1_000_001)


class _UntaggedFile(io.RawIOBase):
    """The bytes of a file up to the tags that stand behind its audio."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._end = audio_end(file)
        file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = max(self._end - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            return self._file.seek(self._end + offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """A file opened for reading. Raises FileMissingError and FileUnreadableError, also for what is no plain file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
            raise FileUnreadableError(f"{path.name} is not a plain file: give a file with audio.")
        file = path.open("rb")
    except FileNotFoundError as error:
        raise FileMissingError(f"{path} is not there: it was moved or deleted.") from error
    except (OSError, ValueError) as error:
        raise FileUnreadableError(f"{path} cannot be read ({_reason(error)}): check its permissions.") from error
    with file:
        yield file


@contextmanager
def open_audio(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The container in a file and its best audio stream, recognised by content, whatever the suffix says.

    Only containers of audio are tried, and nothing but the file itself is ever opened: a playlist that is named like
    music leads nowhere. Raises FileMissingError, FileUnreadableError, NotAudioError or DamagedAudioError.
    """
    with open_file(path) as file:
        try:
            container = av.open(_UntaggedFile(file), mode="r", options=_OPTIONS, metadata_errors="replace")
        except av.FFmpegError as error:
            raise _undecodable(path, file) from error
        except OSError as error:
            raise FileUnreadableError(f"{path} cannot be read ({_reason(error)}): check the drive.") from error
        with container:
            yield container, _audio_stream(path, container)


def packets(container: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream] | None]:
    """The packets of a stream in order, with None for each place where the container is damaged."""
    errors = 0
    while errors < _MAX_DEMUX_ERRORS:
        try:
            yield from container.demux(stream)
        except (av.FFmpegError, OSError):
            errors += 1
            yield None
        else:
            return


def _audio_stream(path: Path, container: InputContainer) -> AudioStream:
    for stream in container.streams.audio:
        context = stream.codec_context
        if context is not None and context.sample_rate in _RATES and context.layout.nb_channels > 0:
            # One thread: the worker is meant to leave the other cores alone.
            context.thread_count = 1
            return stream
    raise _not_audio(path)


def _undecodable(path: Path, file: BinaryIO) -> AudioError:
    file.seek(0)
    if _BEGINS_LIKE_AUDIO.match(file.read(12)):
        return DamagedAudioError(f"{path.name} is damaged or not complete: it cannot be decoded. Get it anew.")
    return _not_audio(path)


def _not_audio(path: Path) -> NotAudioError:
    return NotAudioError(f"{path.name} holds no audio that Segue can decode: check that it plays, and export it anew.")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
