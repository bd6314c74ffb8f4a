"""Each program's files, whole, in other encodings, cut off, and hostile."""

from __future__ import annotations

import json
import sqlite3
import time
import tracemalloc
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sets_support as samples
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import FileMissingError, FileUnreadableError, SetFileError
from segue.sets import mixxx, text
from segue.sets.entry import Entry, Reading
from segue.sets.reading import read_sets


def utc(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()


def local(*when: int) -> float:
    return datetime(*when).astimezone().timestamp()


def read(folder: Path, name: str, content: str | bytes) -> Reading:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sets(path)


def only(reading: Reading) -> list[Entry]:
    assert len(reading.sets) == 1
    return reading.sets[0].entries


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_m3u_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    reading = read(tmp_path, "Lists/warm up.m3u", samples.M3U.encode(encoding))
    assert reading.format == "m3u"
    assert reading.sets[0].kind == "playlist"
    assert only(reading) == [
        Entry(f"{tmp_path}/House/Ada Lantern - Night Bus.mp3", "Ada Lantern", "Night Bus", 312.0),
        Entry("C:\\Music\\Copper Rain.flac", None, "Copper Rain"),
        Entry("/music/Café – Pylon.wav"),  # noqa: RUF001 - a name with a dash
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("History/a.m3u", "history"),
        ("2024-03-01.m3u8", "history"),
        ("tracklist.m3u", "history"),
        ("Warm up 2024-03-01.m3u", "playlist"),
        ("prehistory.m3u", "playlist"),
    ],
)
def test_a_name_says_whether_it_was_played(tmp_path: Path, name: str, kind: str) -> None:
    assert read(tmp_path, name, samples.M3U).sets[0].kind == kind


def test_virtual_dj(tmp_path: Path) -> None:
    reading = read(tmp_path, "2024-03-01.m3u", samples.VIRTUAL_DJ)
    assert reading.sets[0].kind == "history"
    assert only(reading) == [
        Entry("D:\\Music\\Night Bus.mp3", "Ada Lantern", "Night Bus", 312.4, 1709330700.0),
        Entry("D:\\Music\\Pylon.mp3", "Kilnworks", "Pylon", None, 1709331010.0),
    ]


def test_rekordbox(tmp_path: Path) -> None:
    reading = read(tmp_path, "rekordbox.xml", samples.REKORDBOX)
    night_bus = Entry("C:/Music/Night Bus.mp3", "Ada Lantern", "Night Bus", 312.0)
    assert [(one.name, one.kind, one.date) for one in reading.sets] == [
        ("Warm up", "playlist", None),
        ("HISTORY 2024-03-01", "history", utc(2024, 3, 1, 12)),
    ]
    assert reading.sets[0].entries == [night_bus, Entry("/Users/me/Café.wav", "Kilnworks", "Pylon & Wire", 290.0)]
    assert reading.sets[1].entries == [Entry("/Users/me/Thaw.aiff", None, "Thaw"), night_bus]


@pytest.mark.parametrize("name", ["history_2024y03m01d_22h05m10s.nml", "collection.nml"])
def test_traktor(tmp_path: Path, name: str) -> None:
    reading = read(tmp_path, name, samples.TRAKTOR)
    assert (reading.format, reading.sets[0].kind) == ("traktor", "history")
    assert only(reading) == [
        Entry("/Users/me/Music/Night Bus.mp3", "Ada Lantern", "Night Bus", 312.4, local(2024, 3, 1) + 79500),
        Entry("C:/Music/Pylon.wav", "Kilnworks", "Pylon", None, local(2024, 3, 1) + 79800),
    ]


def test_serato(tmp_path: Path) -> None:
    crate = read(tmp_path, "Techno%%Late.crate", samples.serato_crate("Users/me/Night Bus.mp3", "Music/Pylon.wav"))
    assert (crate.sets[0].name, crate.sets[0].kind) == ("Techno/Late", "playlist")
    assert [entry.path for entry in only(crate)] == ["/Users/me/Night Bus.mp3", "/Music/Pylon.wav"]
    session = read(
        tmp_path,
        "7.session",
        samples.serato_session(
            ("/Users/me/Night Bus.mp3", "Ada Lantern", "Night Bus", 1709330700, True),
            ("/Users/me/Not.mp3", "Nobody", "Not", 1709330900, False),
            ("/Users/me/Pylon.wav", "Kilnworks", "Pylon", 1709331010, True),
        ),
    )
    assert session.sets[0].kind == "history"
    assert only(session) == [
        Entry("/Users/me/Night Bus.mp3", "Ada Lantern", "Night Bus", 312.4, 1709330700.0),
        Entry("/Users/me/Pylon.wav", "Kilnworks", "Pylon", 312.4, 1709331010.0),
    ]


def test_serato_as_a_table_goes_on_past_midnight(tmp_path: Path) -> None:
    reading = read(tmp_path, "2024-03-01.csv", samples.SERATO_CSV)
    assert (reading.format, reading.sets[0].kind) == ("tracklist", "history")
    first, second = only(reading)
    assert (first.artist, first.title, second.title) == ("Ada Lantern", "Night Bus", "Pylon")
    assert second.at - first.at == (2 * 60 + 5.5) * 60


def test_mixxx(tmp_path: Path) -> None:
    reading = read_sets(samples.mixxx(tmp_path / "mixxxdb.sqlite"))
    log, playlist = reading.sets
    assert (reading.format, log.name, log.kind, playlist.kind) == ("mixxx", "2024-03-01", "history", "playlist")
    assert log.entries == [
        Entry("/music/Night Bus.mp3", "Ada Lantern", "Night Bus", 312.4, utc(2024, 3, 1, 22, 5)),
        Entry("/music/Pylon.wav", "Kilnworks", "Pylon", None, utc(2024, 3, 1, 22, 10, 10)),
    ]
    assert [entry.title for entry in playlist.entries] == ["Night Bus", "Pylon"]


def test_a_list_as_people_type_it(tmp_path: Path) -> None:
    reading = read(tmp_path, "last night.txt", samples.TEXT)
    assert only(reading) == [
        Entry(None, "Ada Lantern", "Night Bus"),
        Entry(None, "Kilnworks", "Pylon"),
        Entry(None, "Vela Norte", "Glass Meridian"),
        Entry("/music/Thaw.aiff"),
    ]


def test_rekordboxs_text_export(tmp_path: Path) -> None:
    rows = "#\tArtwork\tTrack Title\tArtist\tTime\n1\t\tNight Bus\tAda Lantern\t05:12\n2\t\tPylon\tKilnworks\t04:50\n"
    reading = read(tmp_path, "HISTORY 2024-03-01.txt", rows.encode("utf-16"))
    assert reading.sets[0].kind == "history"
    assert only(reading) == [
        Entry(None, "Ada Lantern", "Night Bus", 312.0),
        Entry(None, "Kilnworks", "Pylon", 290.0),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("title;artist\nNight Bus;Ada Lantern\n", [Entry(None, "Ada Lantern", "Night Bus")]),
        ('Name,Location\n"Night, Bus",/m/a.mp3\n', [Entry("/m/a.mp3", None, "Night, Bus")]),
        ("My list\n\nfilename\tlength\na.mp3\t61.5\n", [Entry("a.mp3", None, None, 61.5)]),
    ],
)
def test_tables_with_other_columns_and_separators(tmp_path: Path, content: str, expected: list[Entry]) -> None:
    assert only(read(tmp_path, "a.csv", content)) == expected


# What is broken, and what is hostile --------------------------------------------------------------------------------

WHOLE = {
    "a.m3u": samples.M3U.encode(),
    "b.m3u": samples.VIRTUAL_DJ.encode(),
    "a.xml": samples.REKORDBOX.encode(),
    "a.nml": samples.TRAKTOR.encode(),
    "a.crate": samples.serato_crate("Users/me/Night Bus.mp3", "Music/Pylon.wav"),
    "a.session": samples.serato_session(("/a.mp3", "A", "T", 1709330700, True), ("/b.mp3", "B", "U", 1709331000, True)),
    "a.csv": samples.SERATO_CSV.encode(),
    "a.txt": samples.TEXT.encode(),
}


@given(name=st.sampled_from(sorted(WHOLE)), data=st.data())
@settings(max_examples=250, deadline=None)
def test_damage_gives_what_can_be_read_or_a_sentence(tmp_path_factory, name: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[name])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    cut = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(cut)
    with suppress(SetFileError):
        assert any(one.entries for one in read_sets(path).sets)


def test_a_file_that_breaks_off_is_read_so_far(tmp_path: Path) -> None:
    cut = samples.REKORDBOX[: samples.REKORDBOX.index('<NODE Name="Empty"')]
    reading = read(tmp_path, "a.xml", cut)
    assert [one.name for one in reading.sets] == ["Warm up", "HISTORY 2024-03-01"]
    assert "breaks off" in reading.notes[0]
    crate = samples.serato_crate("Users/me/Night Bus.mp3", "Music/Pylon.wav")
    reading = read(tmp_path, "a.crate", crate[:-3])
    assert [entry.path for entry in only(reading)] == ["/Users/me/Night Bus.mp3"]
    assert "breaks off" in reading.notes[0]


@pytest.mark.parametrize("root", ["DJ_PLAYLISTS", "NML"])
def test_entities_are_refused(tmp_path: Path, root: str) -> None:
    bomb = "".join(
        f'<!ENTITY {name} "{inner * 10}">'
        for name, inner in zip("bcdefghi", map("&{};".format, "abcdefgh"), strict=True)
    )
    content = f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY a "x">{bomb}]><{root}>&i;</{root}>'
    start = time.monotonic()
    with pytest.raises(SetFileError):
        read(tmp_path, "a.xml", content)
    stolen = f'<!DOCTYPE {root} [<!ENTITY a SYSTEM "file:///etc/passwd">]><{root}><TRACK Name="&a;"/></{root}>'
    with pytest.raises(SetFileError):
        read(tmp_path, "b.xml", stolen)
    assert time.monotonic() - start < 5


def test_a_nest_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetFileError, match="nested"):
        read(tmp_path, "a.xml", "<DJ_PLAYLISTS>" + "<NODE>" * 100_000)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.m3u", b"#EXTM3U\n#EXTINF:" + b"1" * 30_000 + b"\n/a.mp3\n"),
        ("a.m3u", b"#EXTM3U\n#EXTINF:" + b"1" * 300_000 + b"\n/a.mp3\n"),
        ("a.txt", b"<?" * 32768),
        ("a.txt", b"<!--" * 16384),
        ("a.txt", b"<!doctype x>" * 5000),
        ("a.csv", b"title,played at\n" + b"A,2199-01-01\nB,1970-01-02\n" * 5000),
        ("a.nml", b'<NML a="' + b"x" * (24 << 20)),
    ],
    ids=["digits", "line", "instructions", "comments", "types", "centuries", "tag"],
)
def test_what_never_ends_costs_no_time(tmp_path: Path, name: str, content: bytes) -> None:
    start = time.process_time()
    with suppress(SetFileError):
        read(tmp_path, name, content)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "content",
    [
        samples.serato_crate("a.mp3") + b"oxxx\0\0\0\0" * 30_000,
        b"A - B\n" + b"\n" * 300_000,
    ],
    ids=["records", "lines"],
)
def test_what_is_empty_takes_no_memory(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        assert len(only(read_sets(path))) == 1
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1.6e6


def test_only_xml_may_be_very_large(tmp_path: Path) -> None:
    with pytest.raises(SetFileError, match="larger than 32 MB"):
        read(tmp_path, "a.txt", b"A - B\n" * (6 << 20))


@pytest.mark.parametrize("artist", ["'A'", "printf('%.*c', 60000000, 'x')", "hex(zeroblob(30000000))"])
def test_a_data_base_with_texts_without_end(tmp_path: Path, artist: str) -> None:
    path = samples.mixxx(tmp_path / "mixxxdb.sqlite")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            f"""UPDATE library SET title = printf('%.*c', 5000, 'x'), duration = 9e999;
                ALTER TABLE library RENAME TO inner;
                CREATE VIEW library AS SELECT id, {artist} AS artist, title, location, duration FROM inner;"""
        )
    if "blob" in artist:
        with pytest.raises(SetFileError, match="too big"):
            read_sets(path)
        return
    first = read_sets(path).sets[0].entries[0]
    assert (first.artist, first.title, first.duration) == ("A" if "A" in artist else None, "x" * 1000, None)


GOOD = {
    "a.m3u": b"file://[House] Mix/a.mp3\n/b.mp3\n",
    "a.csv": b"title,artist,length\nA,B," + b"1:" * 200 + b"1\nB,C,1:00\n",
    "b.csv": b"title,artist,length,played at\nA,B,1e999:1e999,9999-01-01\nB,C,1:00,0001-01-01\n",
    "c.csv": b"a," + b"x" * 200_000 + b"\ntitle,artist\nA,B\nB,C\n",
    "a.session": samples.serato_session(
        ("/a.mp3", "A", "T", b"\xff" * 200, "9" * 400 + ":00"), ("/b.mp3", "B", "U", 2**32 - 1, "05:12.40")
    ),
    "a.nml": samples.TRAKTOR.replace('STARTTIME="79500"', f'STARTTIME="1{"0" * 200}"').encode(),
}


@pytest.mark.parametrize("name", GOOD)
def test_one_bad_value_does_not_cost_the_others(tmp_path: Path, name: str) -> None:
    entries = only(read(tmp_path, name, GOOD[name]))
    assert len(entries) == 2
    assert all(entry.duration is None or 0 < entry.duration < 1e6 for entry in entries)
    assert all(entry.at is None or 0 < entry.at < 1e11 for entry in entries)


def test_what_comes_before_an_element(tmp_path: Path) -> None:
    before = b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- > --> <!DOCTYPE DJ_PLAYLISTS>\n"
    content = before + samples.REKORDBOX.partition("?>")[2].encode()
    assert read(tmp_path, "a.txt", content).format == "rekordbox"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.m3u", b""),
        ("a.txt", b"\n\n"),
        ("a.txt", b"no dash anywhere\n"),
        ("a.xml", b"<html><body/></html>"),
        ("a.flac", b"fLaC" + bytes(range(256)) * 40),
        ("a.sqlite", b"SQLite format 3\0" + bytes(100)),
        ("a.session", b"vrsn\0\0\0\0"),
        ("a.nml", b"<NML>"),
    ],
)
def test_what_holds_no_sets_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(SetFileError):
        read(tmp_path, name, content)


def test_another_data_base_is_said(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "m.db")) as db:
        db.execute("CREATE TABLE Track (id)")
    with pytest.raises(SetFileError, match="not Mixxx"):
        read_sets(tmp_path / "m.db")


def test_a_data_base_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixxx, "_READ_SECONDS", 0.2)
    path = samples.mixxx(tmp_path / "mixxxdb.sqlite")
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE PlaylistTracks")
        db.execute(
            """CREATE VIEW PlaylistTracks AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
               SELECT i AS id, 2 AS playlist_id, 1 AS track_id, i AS position, NULL AS pl_datetime_added FROM n"""
        )
        db.commit()
    with pytest.raises(FileUnreadableError):
        read_sets(path)


def test_what_is_not_there_or_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        read_sets(tmp_path / "no.m3u")
    with pytest.raises(SetFileError):
        read_sets(tmp_path)


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("HISTORY 2024-03-01", utc(2024, 3, 1, 12)),
        ("20240301 club", utc(2024, 3, 1, 12)),
        ("set 2024_03_01 b", utc(2024, 3, 1, 12)),
        ("2024-02-31", None),
        ("120240301", None),
        ("no date", None),
    ],
)
def test_dates_in_names(name: str, date: float | None) -> None:
    assert text.date_in(name) == date


def test_what_segue_suggests_in_mixxx_is_nobodys_choice(tmp_path: Path) -> None:
    path = samples.mixxx(tmp_path / "mixxxdb.sqlite")
    before = read_sets(path).sets
    with closing(sqlite3.connect(path)) as db:
        (number,) = db.execute("SELECT id FROM Playlists WHERE name = ?", (before[1].name,)).fetchone()
    (tmp_path / "segue").mkdir()
    record = tmp_path / mixxx.SETUP
    record.write_text(json.dumps({"lanes": {"stay": before[1].name}, "ids": {"stay": number}}))
    assert [one.name for one in read_sets(path).sets] == [before[0].name]
    for broken in ("", "[]", '{"ids": 7}', '{"ids": {"stay": []}}'):
        record.write_text(broken)
        assert read_sets(path).sets == before
