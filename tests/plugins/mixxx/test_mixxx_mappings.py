"""A controller's own mapping gets our script in a copy, and Mixxx's preferences give it to the controller."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import mixxx_tables
import pytest

from segue.errors import ProgramNotFoundError, ProgramSetupError
from segue_plugins.mixxx import mappings, setup
from segue_plugins.mixxx.preferences import Preferences
from segue_plugins.mixxx.settings import Settings

LINE = mappings.SCRIPT_LINE.encode()
BOX = b"""<?xml version="1.0" encoding="utf-8"?>
<!-- <controller> <scriptfiles/> of an old version -->
<MixxxControllerPreset mixxxVersion="2.3.0" schemaVersion="1">
\t<info>
\t\t<name>Deck Box \xc3\x9c</name>
\t</info>
\t<controller id="Deck Box">
\t\t<scriptfiles>
\t\t\t<file filename="box-scripts.js" functionprefix="Box"/>
\t\t\t<!-- </scriptfiles> -->
\t\t</scriptfiles>
\t\t<controls><control><key>Box.play</key></control></controls>
\t</controller>
</MixxxControllerPreset>
"""


@pytest.fixture
def mixxx(tmp_path, monkeypatch) -> Settings:
    """A settings folder that is set up, with the user's own mapping in use."""
    monkeypatch.setattr(mappings, "system_folders", lambda: [tmp_path / "system"])
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "Korg Old.midi.xml").write_bytes(BOX.replace(b"box-scripts", b"korg"))
    (tmp_path / "system" / "korg.js").write_text("korg")
    place = Settings(tmp_path / "mixxx")
    place.controllers.mkdir(parents=True)
    mixxx_tables.make(place.database)
    (place.controllers / "Box.midi.xml").write_bytes(BOX)
    (place.controllers / "box-scripts.js").write_text("mine")
    place.config.write_text(
        "[Controller]\nDeck_Box 1\nKorg 1\n\n[ControllerPreset]\n"
        f"Deck_Box {place.controllers}/Box.midi.xml\nKorg /gone/share/mixxx/controllers/Korg Old.midi.xml\n"
    )
    return place


def content(place):
    return {path.relative_to(place.folder): path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}


def scripts(mapping):
    return [file.get("filename") for file in ET.fromstring(mapping).iterfind("controller/scriptfiles/file")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BOX, BOX.replace(b"\t\t</scriptfiles>\n", b"\t\t\t" + LINE + b"\n\t\t</scriptfiles>\n")),
        (
            b'<M><controller id="x"><scriptfiles/><controls/></controller></M>',
            b'<M><controller id="x"><scriptfiles>' + LINE + b"</scriptfiles><controls/></controller></M>",
        ),
        (
            b'<M><controller id="x"><scriptfiles><file filename="a.js"/></scriptfiles></controller></M>',
            b'<M><controller id="x"><scriptfiles><file filename="a.js"/>' + LINE + b"</scriptfiles></controller></M>",
        ),
        (
            b'<M><controller id="x">\n<controls/></controller></M>',
            b'<M><controller id="x">\n        <scriptfiles>' + LINE + b"</scriptfiles>\n<controls/></controller></M>",
        ),
        (
            b"<M><controller>\n  <scriptfiles>\n  </scriptfiles>\n</controller></M>",
            b"<M><controller>\n  <scriptfiles>\n      " + LINE + b"\n  </scriptfiles>\n</controller></M>",
        ),
    ],
)
def test_one_line_is_added_and_the_rest_stays(before, after, end):
    after = after.replace(b"<name>Deck Box \xc3\x9c</name>", b"<name>Deck Box \xc3\x9c with Segue</name>")
    assert mappings.with_script(before.replace(b"\n", end)) == after.replace(b"\n", end)
    with pytest.raises(ValueError, match="already"):
        mappings.with_script(after)


@pytest.mark.parametrize(
    "no_mapping",
    [b"", b"text", b"<M/>", b"<M><controller/></M>", b"<M><controller></M>", BOX.decode().encode("utf-16")],
)
def test_what_is_no_mapping_is_refused(no_mapping):
    with pytest.raises(ValueError, match=r"no|safely"):
        mappings.with_script(no_mapping)


def test_every_mapping_of_this_machine_can_ride():
    found = [path for folder in mappings.system_folders() if folder.is_dir() for path in folder.glob("*.xml")]
    if not found:
        pytest.skip("no Mixxx here")
    for path in found:
        original = path.read_bytes()
        changed = mappings.with_script(original)
        assert scripts(changed) == [*scripts(original), "segue.js"], path
        assert len(changed) - len(original) < len(LINE) + 60, path


def test_the_users_mapping_rides_and_undoing_leaves_no_trace(mixxx):
    before = content(mixxx)
    setup.set_up(mixxx)
    for _ in range(2):
        ridden = setup.ride(mixxx, "box")
        assert (ridden.mapping.name, ridden.controllers) == ("Box with Segue.midi.xml", ["Deck_Box"])
        assert scripts(ridden.mapping.read_bytes()) == ["box-scripts.js", "segue.js"]
        assert setup.link(mixxx, "Segue") == (_ == 0)
    chosen = {one.key: (one.mapping, one.opened) for one in Preferences(mixxx).controllers()}
    assert chosen["Deck_Box"] == ("Box with Segue.midi.xml", True)
    assert chosen["Segue"] == ("Segue.midi.xml", True)
    assert (mixxx.controllers / "Box.midi.xml").read_bytes() == BOX
    setup.undo(mixxx)
    after = content(mixxx)
    assert after.pop(Path("mixxxdb.sqlite"))
    assert after == {path: data for path, data in before.items() if path != Path("mixxxdb.sqlite")}


def test_mixxxs_own_mapping_rides_without_its_scripts(mixxx):
    setup.set_up(mixxx)
    ridden = setup.ride(mixxx, "deck box Ü")  # the name that Mixxx shows; the user's own mapping has it too
    assert ridden.mapping.name == "Box with Segue.midi.xml"
    ridden = setup.ride(mixxx, "/gone/share/mixxx/controllers/Korg Old.midi.xml")
    assert (ridden.mapping.name, ridden.controllers) == ("Korg Old with Segue.midi.xml", ["Korg"])
    assert not (mixxx.controllers / "korg.js").exists(), "Mixxx finds it where it is"
    (mixxx.controllers / "korg.js").write_text("another")
    with pytest.raises(ProgramSetupError, match=r"korg\.js"):
        setup.ride(mixxx, "Korg Old")


def test_a_controller_that_is_switched_off_stays_off(mixxx):
    mixxx.config.write_text(mixxx.config.read_text().replace("Deck_Box 1", "Deck_Box 0"))
    before = mixxx.config.read_bytes()
    setup.set_up(mixxx)
    assert setup.ride(mixxx, "box").controllers == ["Deck_Box"]
    assert Preferences(mixxx).controllers()[0] == ("Deck_Box", "Box with Segue.midi.xml", False)
    setup.undo(mixxx)
    assert mixxx.config.read_bytes() == before


def test_a_mapping_from_anywhere_brings_its_scripts(mixxx, tmp_path):
    setup.set_up(mixxx)
    away = tmp_path / "Downloads"
    away.mkdir()
    (away / "Box 2.midi.xml").write_bytes(BOX.replace(b"box-scripts", b"box-2"))
    (away / "box-2.js").write_text("two")
    ridden = setup.ride(mixxx, str(away / "Box 2.midi.xml"))
    assert ridden.controllers == []
    assert (mixxx.controllers / "box-2.js").read_text() == "two"
    setup.undo(mixxx)
    assert sorted(path.name for path in mixxx.controllers.iterdir()) == ["Box.midi.xml", "box-scripts.js"]


def test_what_is_in_the_way_stays(mixxx):
    setup.set_up(mixxx)
    (mixxx.controllers / "Box with Segue.midi.xml").write_text("mine")
    with pytest.raises(ProgramSetupError, match="not from Segue"):
        setup.ride(mixxx, "Box")
    assert (mixxx.controllers / "Box with Segue.midi.xml").read_text() == "mine"
    with pytest.raises(ProgramNotFoundError, match="Nothing"):
        setup.ride(mixxx, "Nothing")
    (mixxx.controllers / "notes.txt").write_text("x")
    with pytest.raises(ProgramSetupError, match="no mapping"):
        setup.ride(mixxx, str(mixxx.controllers / "notes.txt"))
