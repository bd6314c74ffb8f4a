"""Which clips tell their key, and which only their composer knows."""

from __future__ import annotations

import pytest

from segue_export.synth.composition import tells_key
from segue_export.synth.plain_key import is_plain
from segue_export.synth.progressions import MAJOR, MINOR, parse
from segue_export.synth.styles import STYLES
from segue_export.synth.theory import Key


def heard(text: str, mode: str, *, tonic: int = 9, thirds: bool = True) -> bool:
    key = Key(tonic, mode)
    return is_plain(key, parse(text, key) * 2, thirds=thirds)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("I V vi IV", "major"),
        ("vi ii V I", "major"),  # begins elsewhere, but V leads home
        ("ii7 V7 IM7 IM7", "major"),
        ("I V7 I V7", "major"),  # two chords: only one key has this dominant seventh
        ("i bVI bIII bVII", "minor"),
        ("i iv V7 i", "minor"),
        ("i i i i", "minor"),
        ("i5 bVI5 bVII5 i5", "minor"),  # no thirds, but the sixth degree of minor
    ],
)
def test_a_key_that_can_be_heard(text: str, mode: str) -> None:
    assert heard(text, mode)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("vi IV I V", "major", "the same as i bVI bIII bVII of the relative minor"),
        ("IV V vi I", "major", "V goes to vi, as bVII to i in the relative minor"),
        ("I IV", "major", "or V I, a fourth higher"),
        ("i7 iv7", "minor", "or v i, a fourth higher"),
        ("I bVII IV I", "major", "the notes of the major key a fourth higher, and its V I"),
        ("I5 IV5 V5 IV5", "major", "no third anywhere"),
        ("IM7 IM7 vi7 vi7 vi7 V7 IVM7 IVM7", "major", "more of the relative minor than of the tonic"),
        ("i bVII bVI bVII", "minor", "more of bVII than of the tonic"),
    ],
)
def test_a_key_that_only_the_composer_knows(text: str, mode: str, why: str) -> None:
    assert not heard(text, mode), why


def test_it_is_the_same_in_every_key() -> None:
    for mode, families in (("major", MAJOR), ("minor", MINOR)):
        for text in {text for family in families.values() for text in family}:
            assert len({heard(text, mode, tonic=tonic) for tonic in range(12)}) == 1


def test_roots_and_fifths_alone_have_no_mode() -> None:
    assert heard("I IV V I", "major")
    assert not heard("I IV V I", "major", thirds=False)
    assert heard("i bVI bVII i", "minor", thirds=False)


def test_blues_sings_minor_thirds_over_major_chords() -> None:
    key = Key(0, "major")
    chords = parse("I7 IV7 I7 V7", key)
    assert is_plain(key, chords)
    assert not tells_key(STYLES["blues"], key, chords)
    assert tells_key(STYLES["country"], key, chords)
    assert tells_key(STYLES["blues"], Key(0, "minor"), parse("i7 iv7 i7 V7", Key(0, "minor")))
