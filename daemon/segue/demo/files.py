"""Writing audio files of every format that Segue reads, with tags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict

import av
import mutagen
import numpy as np
import numpy.typing as npt
from mutagen import id3, mp4

from segue.demo.sounds import RATE
from segue.demo.synth import TrackSpec, render


class Tags(TypedDict, total=False):
    """What a file says of itself."""

    title: str
    artist: str
    album: str
    genre: str
    comment: str
    bpm: float
    key: str
    """In any spelling: it is written as it is."""


class _Format(NamedTuple):
    container: str
    codec: str
    bit_rate: int | None = None
    rate: int | None = None
    """The only rate that the codec takes."""
    layout: str | None = None
    """The only channel layout that the codec takes."""


_FORMATS: Final = {
    ".mp3": _Format("mp3", "libmp3lame", 192_000),
    ".m4a": _Format("ipod", "aac", 192_000),
    ".flac": _Format("flac", "flac"),
    ".ogg": _Format("ogg", "vorbis", 160_000, layout="stereo"),
    ".opus": _Format("opus", "libopus", 128_000, 48_000),
    ".wav": _Format("wav", "pcm_s16le"),
    ".aiff": _Format("aiff", "pcm_s16be"),
}
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1"}
_ID3: Final[dict[str, Any]] = {
    "title": id3.TIT2,
    "artist": id3.TPE1,
    "album": id3.TALB,
    "genre": id3.TCON,
    "bpm": id3.TBPM,
    "key": id3.TKEY,
}
_MP4: Final = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "genre": "\xa9gen",
    "comment": "\xa9cmt",
    "key": "----:com.apple.iTunes:initialkey",
}
_VORBIS: Final = {"key": "initialkey"}

FORMATS: Final = tuple(suffix.removeprefix(".") for suffix in _FORMATS)
"""The suffixes that can be written, without the dot."""


def write_audio(
    path: Path, samples: npt.NDArray[np.float32], rate: int, *, tags: Tags | None = None, codec: str | None = None
) -> Path:
    """Encode samples of shape (samples,) or (samples, channels) as the path's suffix says, and write the tags.

    `codec` replaces the usual one of the suffix: ``"alac"`` in an m4a, ``"pcm_s24le"`` in a wav.
    Raises KeyError for a suffix or a number of channels that cannot be written.
    """
    form = _FORMATS[path.suffix]
    _encode(path, np.atleast_2d(samples.T), rate, form._replace(codec=codec, bit_rate=None) if codec else form)
    if tags:
        _write_tags(path, {name: value for name, value in tags.items() if value is not None})
    return path


def write_track(folder: Path, spec: TrackSpec, suffix: str, *, codec: str | None = None) -> Path:
    """Render a demo track into a folder as ``Artist - Title.suffix``, tagged with all but tempo and key.

    Tempo and key are left for the analysis to find.
    """
    tags = Tags(title=spec.title, artist=spec.artist, album="Segue demo", genre=spec.genre)
    path = folder / f"{spec.artist} - {spec.title}.{suffix}"
    return write_audio(path, render(spec), RATE, tags=tags, codec=codec)


def _encode(path: Path, planes: npt.NDArray[np.float32], rate: int, form: _Format) -> None:
    layout = _LAYOUTS[len(planes)]
    # Bit-exact: no encoder's date or random stream number, so that the same samples give the same file.
    with av.open(str(path), "w", format=form.container, options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(form.codec, rate=form.rate or rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = form.layout or layout
        # The Vorbis encoder that comes with PyAV calls itself experimental.
        stream.codec_context.options = {"strict": "experimental"}
        if form.bit_rate:
            stream.bit_rate = form.bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes, dtype=np.float32), format="fltp", layout=layout)
        frame.sample_rate = rate
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _write_tags(path: Path, tags: Mapping[str, object]) -> None:
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, id3.ID3):
        _write_id3(file.tags, tags)
    elif isinstance(file.tags, mp4.MP4Tags):
        _write_mp4(file.tags, tags)
    else:
        for name, value in tags.items():
            file.tags[_VORBIS.get(name, name)] = [_text(value)]
    file.save()


def _write_id3(target: id3.ID3, tags: Mapping[str, object]) -> None:
    for name, value in tags.items():
        if name == "comment":
            target.add(id3.COMM(encoding=3, lang="eng", desc="", text=[_text(value)]))
        else:
            target.add(_ID3[name](encoding=3, text=[_text(value)]))


def _write_mp4(target: mp4.MP4Tags, tags: Mapping[str, object]) -> None:
    for name, value in tags.items():
        if name == "bpm":
            assert isinstance(value, int | float)
            target["tmpo"] = [round(value)]  # the field holds whole numbers only
        elif name == "key":
            target[_MP4[name]] = [mp4.MP4FreeForm(_text(value).encode())]
        else:
            target[_MP4[name]] = [_text(value)]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
