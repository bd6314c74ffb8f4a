"""Mixxx's preferences: changed line by line, and changed back."""

from __future__ import annotations

import msgspec
import pytest

from segue.errors import ProgramSetupError
from segue_plugins.mixxx.preferences import Choice, Controller, Preferences, key_of
from segue_plugins.mixxx.settings import Settings

FULL = b"""
[Config]
Version 2.3.3
Name Caf\xe9 \xff\xfe

[Controller]
DDJ-400_MIDI_1 1
Old_Box 0

[ControllerPreset]
DDJ-400_MIDI_1 /usr/share/mixxx/controllers/Pioneer DDJ-400.midi.xml
Old_Box   Old.midi.xml

[Master]
enabled 1
"""
WITHOUT = b"[Config]\nVersion 2.3.3"
SEGUE = "Segue.midi.xml"


@pytest.fixture
def place(tmp_path) -> Settings:
    return Settings(tmp_path)


def test_controllers_with_a_mapping(place):
    place.config.write_bytes(FULL)
    assert Preferences(place).controllers() == [
        Controller("DDJ-400_MIDI_1", "/usr/share/mixxx/controllers/Pioneer DDJ-400.midi.xml", opened=True),
        Controller("Old_Box", "Old.midi.xml", opened=False),
    ]
    assert key_of("VirMIDI 1-0/a\\b") == "VirMIDI_1-0_a_b"


@pytest.mark.parametrize("key", ["Segue", "DDJ-400_MIDI_1", "Old_Box"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    "text",
    [FULL, FULL.rstrip(b"\n"), WITHOUT, WITHOUT + b"\n", WITHOUT + b"\n\n\n", b"", FULL.partition(b"\n\n[Master]")[0]],
)
def test_what_is_chosen_and_taken_back_leaves_no_trace(place, text, end, key):
    text = text.replace(b"\n", end)
    place.config.write_bytes(text)
    place.config.chmod(0o640)
    preferences = Preferences(place)
    choice = preferences.choose(key, SEGUE)
    preferences.save()
    changed = place.config.read_bytes()
    lines = changed.splitlines()
    assert lines[lines.index(b"[Controller]") :].count(f"{key} 1".encode()) == 1
    assert [key.encode(), SEGUE.encode()] in [line.split() for line in lines[lines.index(b"[ControllerPreset]") :]]
    assert [line for line in text.splitlines() if line and not line.startswith(key.encode())] == [
        line for line in lines if line in text.splitlines() and line and not line.startswith(key.encode())
    ], "every other line is there as it was"
    assert (b"\r\n" in changed) == (b"\r\n" in text)
    assert Preferences(place).choose(key, SEGUE) is None, "it is so already"
    again = Preferences(place)
    assert again.take_back(choice)
    again.save()
    assert place.config.read_bytes() == text
    assert place.config.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in place.folder.iterdir()] == ["mixxx.cfg"]


@pytest.mark.parametrize("blanks", [b"", b" ", b" \t"])
@pytest.mark.parametrize("empty", [b"Old_Box 0", b"Old_Box   Old.midi.xml"])
def test_a_key_without_a_value_comes_back_as_it_was(place, empty, blanks):
    text = FULL.replace(empty, b"Old_Box" + blanks)
    place.config.write_bytes(text)
    preferences = Preferences(place)
    choice = preferences.choose("Old_Box", SEGUE)
    preferences.save()
    assert b"Old_Box 1" in place.config.read_bytes()
    again = Preferences(place)
    assert again.take_back(msgspec.json.decode(msgspec.json.encode(choice), type=Choice))
    again.save()
    assert place.config.read_bytes() == text


def test_a_mapping_alone_leaves_open_what_is_open(place):
    place.config.write_bytes(FULL)
    preferences = Preferences(place)
    choice = preferences.choose("Old_Box", SEGUE, opens=False)
    assert preferences.choose("Old_Box", SEGUE, opens=False) is None
    preferences.save()
    assert place.config.read_bytes() == FULL.replace(b"Old.midi.xml", SEGUE.encode())
    place.config.write_bytes(place.config.read_bytes().replace(b"Old_Box 0", b"Old_Box 1"))
    preferences = Preferences(place)
    assert preferences.take_back(choice)
    preferences.save()
    assert place.config.read_bytes() == FULL.replace(b"Old_Box 0", b"Old_Box 1"), "the user opened it since"


def test_what_mixxx_has_written_since_stays(place):
    place.config.write_bytes(FULL)
    preferences = Preferences(place)
    choices = [preferences.choose(key, SEGUE) for key in ("Segue", "DDJ-400_MIDI_1")]
    preferences.save()
    rewritten = place.config.read_bytes().replace(b"Segue Segue", b"Segue /home/me/.mixxx/controllers/Segue")
    place.config.write_bytes(rewritten.replace(b"Segue 1", b"Segue 0").replace(b"enabled 1", b"enabled 0\nmore 1"))
    preferences = Preferences(place)
    assert [preferences.take_back(choice) for choice in reversed(choices)] == [True, True]
    preferences.save()
    assert place.config.read_bytes() == FULL.replace(b"enabled 1", b"enabled 0\nmore 1")


def test_another_choice_of_the_users_stays(place):
    place.config.write_bytes(FULL)
    preferences = Preferences(place)
    choice = preferences.choose("DDJ-400_MIDI_1", SEGUE)
    preferences.save()
    mine = place.config.read_bytes().replace(b"DDJ-400_MIDI_1 Segue.midi.xml", b"DDJ-400_MIDI_1 Mine.midi.xml")
    place.config.write_bytes(mine)
    preferences = Preferences(place)
    assert not preferences.take_back(choice)
    preferences.save()
    assert place.config.read_bytes() == mine


def test_no_preferences_at_all(place):
    with pytest.raises(ProgramSetupError, match="Start Mixxx once"):
        Preferences(place)
