"""The messages between the script in Mixxx and the program outside, and the port that carries them."""

from __future__ import annotations

import re
import socket
import sys
from importlib import resources
from pathlib import Path

import pytest

from segue.errors import ProgramLinkError
from segue_plugins.mixxx import script
from segue_plugins.mixxx.link import ALIVE_SECONDS, Link, open_link
from segue_plugins.mixxx.script import DeckReport, Hello, Overload, Pressed

STAND_IN = Path(__file__).parent / "stand_in"
HELLO = b'\xf0\x7d\x4d\x58{"r":"hello","version":"1","decks":4}\xf7'


def message(text):
    return b"\xf0\x7d\x4d\x58" + text.encode() + b"\xf7"


class Ears:
    """What rtmidi would have heard."""

    def __init__(self):
        self.waiting = []
        self.open = True

    def get_message(self):
        return (list(self.waiting.pop(0)), 0.0) if self.waiting else None

    def delete(self):
        self.open = False


class Mouth:
    """What rtmidi would send."""

    def __init__(self):
        self.said = []
        self.open = True

    def send_message(self, message):
        if not self.open:
            raise OSError("no port")
        self.said.append(message)

    def delete(self):
        self.open = False


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def link(clock):
    ears, mouth = Ears(), Mouth()
    link = Link(ears, mouth, lambda: clock[0])
    link.ears, link.mouth = ears, mouth
    return link


def test_reports_are_read():
    told = script.parse(
        message(
            '{"r":"deck","number":2,"loaded":true,"playing":true,"rate":0.954286,"keylock":true,"volume":0.2435,'
            '"duration":22.00090702947846,"bpm":125}'
        )
    )
    assert told == DeckReport(2, True, True, 0.954286, True, 0.2435, 22.00090702947846, 125.0)
    assert script.parse(message('{"r":"pressed","lane":"ease"}')) == Pressed("ease")
    assert script.parse(message('{"r":"overload","count":3}')) == Overload(3)
    assert script.parse(HELLO) == Hello("1", 4)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x90\x30\x7f",
        b"\xf0\xf7",
        HELLO[:-1],
        HELLO[1:],
        b"\xf0\x7e\x4d\x58{}\xf7",
        message(""),
        message("[]"),
        message('{"r":"deck","number":0,"loaded":true,"playing":true}'),
        message('{"r":"deck","number":1,"loaded":true,"playing":true,"rate":0}'),
        message('{"r":"deck","number":1,"loaded":true,"playing":true,"volume":1.5}'),
        message('{"r":"deck","number":1,"loaded":true,"playing":true,"duration":null}'),
        message('{"r":"pressed","lane":"sideways"}'),
        message('{"c":"redraw"}'),
        message('{"r":"hello","version":"%s","decks":2}' % ("1" * 2000)),
        b"\xf0\x7d\x4d\x58\xff\xfe\xf7",
    ],
)
def test_what_is_no_report_is_none(damaged):
    assert script.parse(damaged) is None


def test_commands_are_short_and_of_seven_bits():
    command = script.command("redraw", first=True, why="Zoë")
    assert command == b'\xf0\x7d\x4d\x58{"c":"redraw","first":true,"why":"Zo\\u00eb"}\xf7'
    assert max(command[1:-1]) < 0x80
    with pytest.raises(ValueError, match="1024"):
        script.command("redraw", why="x" * 1024)


def test_the_link_calls_until_it_is_answered_then_shows_that_it_is_there(link, clock):
    assert link.poll() == []
    assert link.mouth.said == [script.command("hello")]
    clock[0] += 1.0
    link.poll()
    assert len(link.mouth.said) == 1
    clock[0] += 1.0
    link.poll()
    assert link.mouth.said == 2 * [script.command("hello")]
    assert not link.alive

    link.ears.waiting = [HELLO, b"\x90\x30\x7f", message('{"r":"overload","count":1}')]
    assert link.poll() == [Hello("1", 4), Overload(1)]
    assert link.alive
    clock[0] += 5.0
    link.poll()
    assert link.mouth.said[2:] == [script.command("here")]
    clock[0] += ALIVE_SECONDS - 5.0
    assert not link.alive
    link.poll()
    assert link.mouth.said[3:] == [script.command("hello")]


def test_what_others_say_on_the_port_is_no_sign_of_the_script(link):
    link.ears.waiting = [script.command("hello"), b"\xf8"]  # a port that sends our own words back
    assert link.poll() == []
    assert not link.alive


def test_a_port_that_went_away_hurts_nobody(link, clock):
    link.close()
    assert not link.ears.open
    link.send("redraw", first=False)
    clock[0] += 60.0
    assert link.poll() == []


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """A folder with the sockets of the stand-in for rtmidi; a short one, for sockets have short names."""
    monkeypatch.delitem(sys.modules, "rtmidi", raising=False)
    monkeypatch.syspath_prepend(STAND_IN)
    monkeypatch.setenv("FAKEMIDI_DIR", str(tmp_path))
    yield tmp_path
    sys.modules.pop("rtmidi", None)


@pytest.mark.parametrize("name", ["Segue", "segue 128"])
def test_round_trip(stand_in, name):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mixxx:
        mixxx.bind(str(stand_in / "mixxx.sock"))
        mixxx.settimeout(5)
        link = open_link(name)
        try:
            assert link.poll() == []
            assert mixxx.recv(2048) == script.command("hello")
            mixxx.sendto(HELLO, str(stand_in / "host.sock"))
            assert link.poll() == [Hello("1", 4)]
            assert link.alive
            link.send("redraw", first=True)
            assert mixxx.recv(2048) == script.command("redraw", first=True)
        finally:
            link.close()


def test_a_port_that_is_not_there(stand_in):
    with pytest.raises(ProgramLinkError, match=r"no MIDI port loopMIDI.*Segue 128:0.*--port"):
        open_link("loopMIDI")


def test_a_system_without_midi(stand_in, monkeypatch):
    monkeypatch.delenv("FAKEMIDI_DIR")
    with pytest.raises(ProgramLinkError, match=r"No MIDI port can be made on this system \(no sequencer\)"):
        open_link()


def test_windows_has_no_ports_of_programs(stand_in, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    open_link("Segue").close()
    with pytest.raises(ProgramLinkError, match="loopMIDI"):
        open_link("elsewhere")


def test_without_python_rtmidi(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(ProgramLinkError, match=r"pip install 'segue-dj\[midi\]'"):
        open_link()


@pytest.mark.parametrize("name", ["segue.js", "segue-link.js"])
def test_the_scripts_are_of_the_language_that_the_oldest_mixxx_knows(name):
    text = (resources.files("segue_plugins.mixxx") / "controller" / name).read_text()
    code = re.sub(r"//.*|\"[^\"]*\"", "", text)
    assert not re.search(r"\b(let|const|class|import|export)\b|=>|`|\.\.\.", code)
    assert code.count("{") == code.count("}")


def test_only_our_own_mapping_may_send():
    folder = resources.files("segue_plugins.mixxx") / "controller"
    assert "midi." not in re.sub(r"//.*", "", (folder / "segue.js").read_text())
    assert "segue-link.js" in (folder / "Segue.midi.xml").read_text()
