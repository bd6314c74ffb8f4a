"""The picture of a measurement, as SVG: tempi against the true ones, and which key was taken for which."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from segue.bench.measures import FACTORS, octave
from segue.bench.truth import Answer, Known, Program
from segue.keys import PITCHES

SIDE: Final = 460.0
_LEFT, _TOP, _GAP, _BELOW, _MARGIN = 64.0, 66.0, 96.0, 62.0, 24.0
_INK, _DIM, _GRID, _PAPER = "#1f2933", "#7b8794", "#e4e7eb", "#ffffff"
_RIGHT, _LEVEL, _WRONG = "#1d6fb8", "#e08a1e", "#c8324a"
_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_FIFTHS: Final = tuple((7 * step) % 12 for step in range(12))
_ORDER: Final = tuple(f"{PITCHES[tonic]} major" for tonic in _FIFTHS) + tuple(
    f"{PITCHES[(tonic + 9) % 12]} minor" for tonic in _FIFTHS
)
"""Round the circle of fifths from C major, then the relative minors: neighbours, relatives and errors of a fifth are lines."""
_TICKS: Final = (30, 40, 50, 60, 80, 100, 120, 150, 180, 240, 300, 400, 600)
_FONT: Final = "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\""

Answers = Sequence[Answer | None]


def draw(rows: Sequence[Known], programs: Sequence[Program]) -> str:
    """An SVG document: a row of two panels for each program."""
    width = _LEFT + SIDE + _GAP + SIDE + _MARGIN
    row_height = _TOP + SIDE + _BELOW
    height = row_height * len(programs)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" {_FONT} fill="{_INK}">',
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>',
        f'<clipPath id="panel"><rect width="{SIDE:g}" height="{SIDE:g}"/></clipPath>',
    ]
    span = _span(rows, programs)
    for number, program in enumerate(programs):
        parts.append(f'<g transform="translate({_LEFT:g} {number * row_height + _TOP:g})">')
        parts.append(_text(-_LEFT + 20, -42, program.name, size=17, weight=600))
        parts += _tempi(rows, program.answers, span)
        parts.append(f'</g><g transform="translate({_LEFT + SIDE + _GAP:g} {number * row_height + _TOP:g})">')
        parts += _keys(rows, program.answers)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _span(rows: Sequence[Known], programs: Sequence[Program]) -> tuple[float, float]:
    """Logarithms of the lowest and the highest tempo of the axes, the same in all panels."""
    tempi = [row.bpm for row in rows if row.bpm]
    tempi += [
        answer.bpm
        for program in programs
        for row, answer in zip(rows, program.answers, strict=True)
        if row.bpm and answer and answer.bpm
    ]
    low, high = (min(tempi), max(tempi)) if tempi else (60.0, 180.0)
    return math.log(min(low, 60.0) / 1.08), math.log(max(high, 180.0) * 1.08)


def _tempi(rows: Sequence[Known], answers: Answers, span: tuple[float, float]) -> list[str]:
    low, high = span

    def place(bpm: float) -> float:
        return SIDE * (math.log(bpm) - low) / (high - low)

    parts = [_frame()]
    for tick in (tick for tick in _TICKS if low <= math.log(tick) <= high):
        at = place(tick)
        parts.append(_line(at, 0, at, SIDE, _GRID) + _line(0, SIDE - at, SIDE, SIDE - at, _GRID))
        parts.append(_text(at, SIDE + 17, str(tick), anchor="middle", fill=_DIM))
        parts.append(_text(-8, SIDE - at + 4, str(tick), anchor="end", fill=_DIM))
    parts += _octave_lines(span)
    dots, missing, counts = [], 0, Counter[str]()
    for row, answer in zip(rows, answers, strict=True):
        if row.bpm is None:
            continue
        if answer is None or not answer.bpm:
            missing += 1
            continue
        level = octave(answer.bpm, row.bpm)
        colour = {"1": _RIGHT, "other": _WRONG}.get(level, _LEVEL)
        counts[colour] += 1
        dots.append(
            f'<circle cx="{place(row.bpm):.1f}" cy="{SIDE - place(answer.bpm):.1f}" r="3.4" fill="{colour}">'
            f"<title>{escape(_printable(row.name))}: {answer.bpm:.2f}, true {row.bpm:.2f}</title></circle>"
        )
    parts += [f'<g fill-opacity="0.62" stroke="{_PAPER}" stroke-width="0.5">', *dots, "</g>"]
    parts.append(_text(0, -12, "Tempo, bpm", size=13, weight=600))
    entries = [
        ("within 4 %", _RIGHT, counts[_RIGHT]),
        (f"{_TIMES}2, {_TIMES}3, ÷2, ÷3", _LEVEL, counts[_LEVEL]),
        ("elsewhere", _WRONG, counts[_WRONG]),
    ]
    at = 112.0
    for name, colour, count in entries:
        label = f"{name} ({count})"
        parts.append(f'<circle cx="{at:g}" cy="-16" r="4" fill="{colour}"/>' + _text(at + 8, -12, label, fill=_DIM))
        at += 22 + 6.5 * len(label)
    if missing:
        parts.append(_text(at, -12, f"none ({missing})", fill=_DIM))
    return [*parts, *_titles("true", "said")]


def _octave_lines(span: tuple[float, float]) -> list[str]:
    """The lines on which the octaves lie, each with its name where it leaves the panel."""
    low, high = span
    lines = []
    for name, factor in FACTORS.items():
        lift = SIDE * math.log(factor) / (high - low)
        if abs(lift) > SIDE * 0.95:
            continue
        width = 1.4 if factor == 1 else 1.0
        dash = "" if factor == 1 else ' stroke-dasharray="4 4"'
        lines.append(
            f'<line x1="0" y1="{SIDE - lift:.1f}" x2="{SIDE:g}" y2="{-lift:.1f}" stroke="{_DIM}" '
            f'stroke-width="{width}" clip-path="url(#panel)"{dash}/>'
        )
        if factor > 1:
            lines.append(_text(SIDE - lift - 6, 14, f"{_TIMES}{name}", anchor="end", fill=_DIM))
        elif factor < 1:
            lines.append(_text(SIDE - 4, -lift - 6, f"÷{name[2:]}", anchor="end", fill=_DIM))
    return lines


def _keys(rows: Sequence[Known], answers: Answers) -> list[str]:
    pairs: Counter[tuple[str, str]] = Counter()
    judged = missing = 0
    for row, answer in zip(rows, answers, strict=True):
        if row.key is None or not row.key_trusted:
            continue
        judged += 1
        if answer is None or answer.key is None:
            missing += 1
        else:
            pairs[row.key, answer.key] += 1
    cell = SIDE / len(_ORDER)
    parts = [_frame()]
    for number, name in enumerate(_ORDER):
        at = cell * number
        label = _short(name)
        parts.append(_text(-7, at + cell / 2 + 4, label, anchor="end", fill=_DIM, size=10.5))
        parts.append(f'<g transform="translate({at + cell / 2 + 3.5:.1f} {SIDE + 7:g}) rotate(-90)">')
        parts.append(_text(0, 0, label, anchor="end", fill=_DIM, size=10.5) + "</g>")
        strong = number == len(_ORDER) // 2
        parts += [_line(at, 0, at, SIDE, _DIM if strong else _GRID), _line(0, at, SIDE, at, _DIM if strong else _GRID)]
    most = max(pairs.values(), default=1)
    for (true, said), count in sorted(pairs.items()):
        x, y = cell * _ORDER.index(said), cell * _ORDER.index(true)
        colour = _RIGHT if true == said else _WRONG
        strength = 0.25 + 0.75 * math.sqrt(count / most)
        ink = _PAPER if strength > 0.6 else _INK
        parts.append(
            f'<rect x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{cell - 1:.1f}" height="{cell - 1:.1f}" rx="2" '
            f'fill="{colour}" fill-opacity="{strength:.2f}"><title>{true} taken for {said}: {count}</title></rect>'
        )
        parts.append(_text(x + cell / 2, y + cell / 2 + 3.5, str(count), anchor="middle", fill=ink, size=10))
    right = sum(count for (true, said), count in pairs.items() if true == said)
    parts.append(_text(0, -12, "Key, in fifths", size=13, weight=600))
    note = f"right {right} of {judged}" + (f", none {missing}" if missing else "")
    parts.append(_text(100, -12, note, fill=_DIM))
    return [*parts, *_titles("said", "true")]


def _short(key: str) -> str:
    tonic, _, mode = key.partition(" ")
    return tonic.replace("#", "♯") + ("m" if mode == "minor" else "")


def _titles(below: str, beside: str) -> list[str]:
    return [
        _text(SIDE / 2, SIDE + 48, below, anchor="middle"),
        f'<g transform="translate(-44 {SIDE / 2:g}) rotate(-90)">{_text(0, 0, beside, anchor="middle")}</g>',
    ]


def _frame() -> str:
    return f'<rect width="{SIDE:g}" height="{SIDE:g}" fill="none" stroke="{_GRID}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: float = 11.5, fill: str = _INK, weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" fill="{fill}" '
        f'font-weight="{weight}">{escape(_printable(text))}</text>'
    )


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(character if character.isprintable() else " " for character in text)
