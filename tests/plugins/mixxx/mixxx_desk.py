"""A real Mixxx without a screen or a sound card: Xvfb, a window manager, JACK's dummy driver, a throw-away profile."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import mutagen
from mixxx_program import Program

from support import wait_until

HERE: Final = Path(__file__).parent
_CONFIG: Final = """[Config]
Version {version}
ConfigVersion {version}
Locale en_US
InhibitScreensaver 0
StartInFullscreen 0
Resizable_Skin LateNight
Tooltips 0
hide_menubar 0
show_menubar_hint 0
[Library]
RescanOnStartup 0
SupportedFileExtensions {extensions}
[Playlist]
Directory {music}
[Waveform]
WaveformType 0
OverviewNormalized 0
FrameRate 5
[Master]
enabled 1
[Controls]
AllowTrackLoadToPlayingDeck 1
CloneDeckOnLoadDoubleTap 0
[Controller]
Segue 1
[ControllerPreset]
Segue Segue.midi.xml
[Direct\\ Rendering]
Warned yes
"""
_SOUND: Final = """<!DOCTYPE SoundManagerConfig>
<SoundManagerConfig api="JACK Audio Connection Kit" samplerate="44100" latency="5" sync_buffers="2" force_network_clock="0" deck_count="2">
 <SoundDevice name="system" portAudioIndex="0">
  <output type="Master" index="0" channel="0" channel_count="2"/>
 </SoundDevice>
</SoundManagerConfig>
"""


class Desk:
    """Display, window manager and sound server of one Mixxx at a time."""

    def __init__(self, folder: Path, program: Program | None = None) -> None:
        self.folder = folder
        self.program = program or Program.chosen()
        self.environment: dict[str, str] = {}
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        home = self.folder / "user"
        home.mkdir()
        jack = f"segue-{os.getpid()}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"},
            "DISPLAY": f":{self._display()}",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "JACK_DEFAULT_SERVER": jack,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
        }
        self._start("openbox")
        self._start("jackd", "-n", jack, "-r", "-d", "dummy", "-r", "44100", "-p", "1024")
        self.environment["FAKEMIDI_DIR"] = str(self.folder)
        self.library = self._midi()
        time.sleep(0.5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *command: str) -> str:
        """Run a tool on this display and return what it prints; nothing when it fails."""
        done = subprocess.run(command, check=False, env=self.environment, capture_output=True, text=True, timeout=20)
        return done.stdout

    def shot(self, path: Path) -> Path:
        """Write what is on the screen into a PNG."""
        self.run("import", "-window", "root", str(path))
        return path

    def _display(self) -> int:
        reader, writer = os.pipe()
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1366x900x24", "-nolisten", "tcp"]
        with (self.folder / "xvfb.log").open("wb") as log:
            self._running.append(subprocess.Popen(command, pass_fds=[writer], stdout=log, stderr=log))
        os.close(writer)
        with os.fdopen(reader) as file:
            return int(file.readline())

    def _start(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.log").open("wb") as log:
            self._running.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))

    def _midi(self) -> Path:
        """Build the stand-in for PortMIDI: two controllers, of datagrams."""
        built = self.folder / "fakepm.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-w", "-o", built, HERE / "fakepm.c"], check=True)
        return built


class Profile:
    """A settings folder of Mixxx with a library: made by Mixxx itself, filled while it is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "mixxxdb.sqlite"

    def make(self, desk: Desk, music: Path) -> Self:
        """Let Mixxx make its tables, then end it at its first question; write settings so that it asks no more."""
        self.folder.mkdir()
        with RealMixxx(desk, self) as mixxx:
            wait_until(lambda: self._schema() == desk.program.schema, 90, what="the tables")
            time.sleep(0.5)
            mixxx.kill()
        (self.folder / "mixxx.cfg").write_text(
            _CONFIG.format(version=f"{desk.program.version}.0", extensions=desk.program.extensions, music=music)
            + desk.program.skin
        )
        (self.folder / "soundconfig.xml").write_text(_SOUND)
        with closing(sqlite3.connect(self.database)) as db, db:
            db.execute("INSERT OR REPLACE INTO directories(directory) VALUES(?)", (str(music),))
        return self

    def add(self, files: Iterable[Path]) -> None:
        """Put files into Mixxx's library, as its scanner would."""
        with closing(sqlite3.connect(self.database)) as db, db:
            for path in files:
                tags = mutagen.File(path, easy=True)
                place = db.execute(
                    "INSERT INTO track_locations(location, filename, directory, filesize, fs_deleted, needs_verification)"
                    " VALUES(?, ?, ?, ?, 0, 0)",
                    (str(path), path.name, str(path.parent), path.stat().st_size),
                ).lastrowid
                db.execute(
                    "INSERT INTO library(artist, title, album, location, duration, bitrate, samplerate, channels,"
                    " datetime_added, mixxx_deleted, played, header_parsed, filetype, bpm, genre, timesplayed)"
                    " VALUES(?, ?, '', ?, ?, 128, 44100, 2, CURRENT_TIMESTAMP, 0, 0, 1, ?, ?, ?, 0)",
                    (
                        *(_text(tags, name) or path.stem for name in ("artist", "title")),
                        place,
                        tags.info.length,
                        path.suffix.removeprefix("."),
                        float(_text(tags, "bpm") or 0.0),
                        _text(tags, "genre"),
                    ),
                )

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the data base, whether Mixxx runs or not."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=rw", uri=True, timeout=10)) as db:
            return db.execute(query, values).fetchall()

    def execute(self, statement: str, *values: object) -> None:
        """Change the data base while Mixxx is closed."""
        with closing(sqlite3.connect(self.database)) as db, db:
            db.execute(statement, values)

    def content(self) -> list[str]:
        """Every row of every table, as SQL."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=rw", uri=True, timeout=10)) as db:
            return list(db.iterdump())

    def files(self) -> set[str]:
        """Everything in the folder, by its path in it."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}

    def playlist(self, name: str) -> list[str]:
        """Paths of a playlist, in order."""
        rows = self.rows(
            "SELECT f.location FROM PlaylistTracks t JOIN Playlists p ON p.id = t.playlist_id"
            " JOIN library l ON l.id = t.track_id JOIN track_locations f ON f.id = l.location"
            " WHERE p.name = ? AND p.hidden = 0 ORDER BY t.position",
            name,
        )
        return [row[0] for row in rows]

    def _schema(self) -> str | None:
        with contextlib.suppress(sqlite3.Error):
            return self.rows("SELECT value FROM settings WHERE name = 'mixxx.schema.version'")[0][0]
        return None


class RealMixxx:
    """A running Mixxx on a profile."""

    def __init__(self, desk: Desk, profile: Profile) -> None:
        self.desk = desk
        self.profile = profile
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        environment = {**self.desk.environment, "LD_PRELOAD": str(self.desk.library)}
        command = self.desk.program.command(self.profile.folder)
        with (self.desk.folder / "mixxx.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and (shots := os.environ.get("SEGUE_SHOTS")):
            self.desk.shot(Path(shots) / "failed.png")
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.desk.folder / "mixxx.log").read_text(errors="replace")

    def ready(self) -> Self:
        """Wait until the main window is there and fills the screen."""
        wait_until(self._window, 90, what="Mixxx's window")
        for words in self.desk.program.milestones:
            wait_until(lambda words=words: words in self.log, 90, what=words)
        time.sleep(3)
        self.desk.run("wmctrl", "-r", "Mixxx", "-b", "add,maximized_vert,maximized_horz")
        self.desk.run("xdotool", "windowactivate", "--sync", self._window())
        time.sleep(1)
        return self

    def press(self, *names: str) -> None:
        """Press keys in the main window, which has the focus since it was clicked at."""
        self.desk.run("xdotool", "key", "--delay", "50", *names)

    def click(self, x: int, y: int) -> None:
        """Click at a place of the screen."""
        self.desk.run("xdotool", "mousemove", str(x), str(y), "click", "1")
        time.sleep(0.7)

    def unfold_playlists(self) -> None:
        """Show the names of the playlists; once, for the next click folds them again."""
        self.click(13, self.desk.program.playlists)
        time.sleep(0.7)

    def show_playlist(self, number: int) -> None:
        """Show one of the playlists that were unfolded, counted from 1 as they are on the screen: by name."""
        self.click(110, self.desk.program.playlists + self.desk.program.line * number)
        time.sleep(1)

    def midi(self, message: Mapping[str, object]) -> None:
        """Send a message to the controller script as system exclusive."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(
                b"\xf0\x7d\x4d\x58" + json.dumps(message).encode() + b"\xf7", f"{self.desk.folder}/mixxx.sock"
            )

    def stop(self) -> None:
        """Close the window as a user does; end what does not go."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            self.desk.run("wmctrl", "-c", "Mixxx")
            for step in (lambda: None, lambda: self.desk.run("xdotool", "key", "Return"), process.terminate):
                step()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(6)
                    break
        self.kill()

    def kill(self) -> None:
        """End it at once, with no chance to save."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _window(self) -> str:
        found = self.desk.run("xdotool", "search", "--onlyvisible", "--name", "Mixxx$").split()
        return found[-1] if found else ""


def _text(tags: Any, name: str) -> str:
    return str((tags.get(name) or [""])[0])
