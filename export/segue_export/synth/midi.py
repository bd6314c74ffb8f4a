"""Just enough of Standard MIDI Files: a track of notes, and adding tracks to a file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final

from segue_export.synth.theory import Note

TICKS: Final = 192
"""Ticks of a quarter note, as MMA has them."""
_SET_TEMPO: Final = b"\xff\x51\x03"


def track(
    notes: Iterable[Note], channel: int, program: int | None, *, volume: int = 100, pan: int = 64, reverb: int = 40
) -> bytes:
    """One MTrk chunk with notes, whose beats are quarter notes."""
    events: list[tuple[int, int, bytes]] = []
    if program is not None:
        events.append((0, 0, bytes((0xC0 | channel, program))))
    for controller, value in ((7, volume), (10, pan), (91, reverb)):
        events.append((0, 0, bytes((0xB0 | channel, controller, value))))
    for note in notes:
        start = max(round(note.beat * TICKS), 0)
        end = max(round((note.beat + note.length) * TICKS), start + 1)
        events.append((start, 3, bytes((0x90 | channel, note.pitch, note.velocity))))
        events.append((end, 2, bytes((0x80 | channel, note.pitch, 0))))
    return chunk(events)


def tempo_track(bpm: float) -> bytes:
    """One MTrk chunk with the tempo in quarter notes a minute."""
    return chunk([(0, 0, _SET_TEMPO + round(60e6 / bpm).to_bytes(3, "big"))])


def chunk(events: list[tuple[int, int, bytes]]) -> bytes:
    """An MTrk chunk of (tick, order within the tick, bytes)."""
    body = bytearray()
    now = 0
    for tick, _, data in sorted(events, key=lambda event: event[:2]):
        body += _varint(tick - now) + data
        now = tick
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def file(tracks: Sequence[bytes]) -> bytes:
    """A file of format 1."""
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS) + b"".join(tracks)


def with_tracks(data: bytes, tracks: Sequence[bytes]) -> bytes:
    """A file of format 1 with more tracks. Raises ValueError when the data is none, or counts time otherwise."""
    if data[:4] != b"MThd" or len(data) < 14:
        raise ValueError("this is no MIDI file")
    _, kind, count, division = struct.unpack(">IHHH", data[4:14])
    if kind != 1 or division != TICKS:
        raise ValueError(
            f"a MIDI file of format 1 with {TICKS} ticks a quarter is expected, not format {kind} with {division}"
        )
    return data[:10] + struct.pack(">H", count + len(tracks)) + data[12:] + b"".join(tracks)


def with_tempo(data: bytes, bpm: float) -> bytes:
    """A file whose every tempo event says so many quarter notes a minute. Raises ValueError when it has none."""
    parts = data.split(_SET_TEMPO)
    if len(parts) == 1:
        raise ValueError("the MIDI file has no tempo")
    tempo = _SET_TEMPO + round(60e6 / bpm).to_bytes(3, "big")
    return parts[0] + b"".join(tempo + part[3:] for part in parts[1:])


def _varint(value: int) -> bytes:
    out = bytearray((value & 127,))
    while value := value >> 7:
        out.insert(0, 128 | (value & 127))
    return bytes(out)
