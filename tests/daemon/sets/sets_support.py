"""Files as other programs write them."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

M3U = """\
#EXTM3U
#EXTINF:312,Ada Lantern - Night Bus
../House/Ada Lantern - Night Bus.mp3
#EXTINF:-1,Copper Rain
C:\\Music\\Copper Rain.flac
/music/Café – Pylon.wav
"""  # noqa: RUF001 - a name with a dash

VIRTUAL_DJ = """\
#EXTVDJ:<time>22:05</time><lastplaytime>1709330700</lastplaytime><artist>Ada Lantern</artist><title>Night Bus</title>\
<songlength>312.4</songlength>
D:\\Music\\Night Bus.mp3
#EXTVDJ:<time>22:10</time><lastplaytime>1709331010</lastplaytime><artist>Kilnworks</artist><title>Pylon</title>
D:\\Music\\Pylon.mp3
"""

REKORDBOX = """\
<?xml version="1.0" encoding="UTF-8"?>
<DJ_PLAYLISTS Version="1.0.0">
  <PRODUCT Name="rekordbox" Version="6.6.4" Company="AlphaTheta"/>
  <COLLECTION Entries="3">
    <TRACK TrackID="1" Name="Night Bus" Artist="Ada Lantern" TotalTime="312" Location="file://localhost/C:/Music/Night%20Bus.mp3">
      <TEMPO Inizio="0.1" Bpm="124.00" Metro="4/4" Battito="1"/>
    </TRACK>
    <TRACK TrackID="2" Name="Pylon &amp; Wire" Artist="Kilnworks" TotalTime="290" Location="file://localhost/Users/me/Caf%C3%A9.wav"/>
    <TRACK TrackID="3" Name="Thaw" Artist="" TotalTime="" Location="file://localhost/Users/me/Thaw.aiff"/>
  </COLLECTION>
  <PLAYLISTS>
    <NODE Type="0" Name="ROOT" Count="2">
      <NODE Name="Warm up" Type="1" KeyType="0" Entries="2"><TRACK Key="1"/><TRACK Key="2"/><TRACK Key="99"/></NODE>
      <NODE Type="0" Name="Histories" Count="1">
        <NODE Name="HISTORY 2024-03-01" Type="1" KeyType="1" Entries="2">
          <TRACK Key="file://localhost/Users/me/Thaw.aiff"/>
          <TRACK Key="file://localhost/C:/Music/Night%20Bus.mp3"/>
        </NODE>
      </NODE>
      <NODE Name="Empty" Type="1" KeyType="0" Entries="0"/>
    </NODE>
  </PLAYLISTS>
</DJ_PLAYLISTS>
"""

TRAKTOR = """\
<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="19"><HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor"></HEAD>
<COLLECTION ENTRIES="2">
<ENTRY TITLE="Night Bus" ARTIST="Ada Lantern"><LOCATION DIR="/:Users/:me/:Music/:" FILE="Night Bus.mp3" VOLUME="Macintosh HD" \
VOLUMEID="Macintosh HD"></LOCATION><INFO BITRATE="320000" PLAYTIME="313" PLAYTIME_FLOAT="312.4"></INFO></ENTRY>
<ENTRY TITLE="Pylon" ARTIST="Kilnworks"><LOCATION DIR="/:Music/:" FILE="Pylon.wav" VOLUME="C:" VOLUMEID="x"></LOCATION></ENTRY>
</COLLECTION>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="1"><NODE TYPE="PLAYLIST" NAME="HISTORY">
<PLAYLIST ENTRIES="3" TYPE="LIST" UUID="1">
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="Macintosh HD/:Users/:me/:Music/:Night Bus.mp3"></PRIMARYKEY><EXTENDEDDATA DECK="0" \
DURATION="300.1" EXTENDEDTYPE="HistoryData" PLAYEDPUBLIC="1" STARTDATE="132645633" STARTTIME="79500"></EXTENDEDDATA></ENTRY>
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="C:/:Music/:Prelistened.wav"></PRIMARYKEY><EXTENDEDDATA PLAYEDPUBLIC="0" \
STARTDATE="132645633" STARTTIME="79600"></EXTENDEDDATA></ENTRY>
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="C:/:Music/:Pylon.wav"></PRIMARYKEY><EXTENDEDDATA PLAYEDPUBLIC="1" \
STARTDATE="132645633" STARTTIME="79800"></EXTENDEDDATA></ENTRY>
</PLAYLIST></NODE></SUBNODES></NODE></PLAYLISTS></NML>
"""

SERATO_CSV = """\
"name","artist","start time","end time","playtime","deck"
"2024-03-01","","2024-03-01 22:00:00","",""
"Night Bus","Ada Lantern","22:05:00","22:10:00","00:05:00","1"
"Pylon","Kilnworks","00:10:30","00:15:00","00:04:30","2"
"""

TEXT = """\
# The set of last night
01. Ada Lantern - Night Bus [Lantern 001]
[00:05:10] Kilnworks – Pylon
2) Ferrous -- no dash that parts
12:30 Vela Norte - Glass Meridian
ID - ID
/music/Thaw.aiff
"""  # noqa: RUF001 - dashes as people type them


def serato_crate(*paths: str) -> bytes:
    """A crate with some tracks."""
    tracks = [_record(b"otrk", _record(b"ptrk", path.encode("utf-16-be"))) for path in paths]
    return _record(b"vrsn", "1.0/Serato ScratchLive Crate".encode("utf-16-be")) + b"".join(tracks)


def serato_session(*plays: tuple[str, str, str, int | bytes, bool | str]) -> bytes:
    """A session: path, artist, title, start and whether it was played, or its length, of each."""
    entries = []
    for path, artist, title, start, played in plays:
        length = played if isinstance(played, str) else "05:12.40"
        fields = (
            (1, struct.pack(">I", 7)),
            (2, f"{path}\0".encode("utf-16-be")),
            (6, f"{title}\0".encode("utf-16-be")),
            (7, f"{artist}\0".encode("utf-16-be")),
            (10, f"{length}\0".encode("utf-16-be")),
            (28, start if isinstance(start, bytes) else struct.pack(">I", start)),
            (50, bytes([bool(played)])),
        )
        adat = b"".join(struct.pack(">II", number, len(value)) + value for number, value in fields)
        entries.append(_record(b"oent", _record(b"adat", adat)))
    return _record(b"vrsn", "1.0/Serato Scratch LIVE Review".encode("utf-16-be")) + b"".join(entries)


def mixxx(path: Path) -> Path:
    """A small ``mixxxdb.sqlite`` with a set log, a playlist and an Auto DJ queue."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            """CREATE TABLE Playlists (id INTEGER PRIMARY KEY, name TEXT, position INTEGER, hidden INTEGER);
               CREATE TABLE PlaylistTracks (id INTEGER PRIMARY KEY, playlist_id INTEGER, track_id INTEGER, position INTEGER,
                                            pl_datetime_added TEXT);
               CREATE TABLE library (id INTEGER PRIMARY KEY, artist TEXT, title TEXT, location INTEGER, duration FLOAT);
               CREATE TABLE track_locations (id INTEGER PRIMARY KEY, location TEXT);
               INSERT INTO track_locations VALUES (1, '/music/Night Bus.mp3'), (2, '/music/Pylon.wav');
               INSERT INTO library VALUES (1, 'Ada Lantern', 'Night Bus', 1, 312.4), (2, 'Kilnworks', 'Pylon', 2, 0);
               INSERT INTO Playlists VALUES (1, 'Auto DJ', 1, 1), (2, '2024-03-01', 2, 2), (3, 'Warm up', 3, 0);
               INSERT INTO PlaylistTracks VALUES (1, 1, 1, 1, NULL), (2, 2, 1, 1, '2024-03-01 22:05:00'),
                   (3, 2, 2, 2, '2024-03-01 22:10:10'), (4, 3, 2, 2, NULL), (5, 3, 1, 1, NULL);"""
        )
        db.commit()
    return path


def _record(tag: bytes, body: bytes) -> bytes:
    return tag + struct.pack(">I", len(body)) + body
