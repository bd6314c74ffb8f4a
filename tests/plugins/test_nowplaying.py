"""The now-playing shim with a real daemon."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from segue.client import Client
from segue.errors import DaemonError
from segue.home import Home
from segue.protocol.messages import Track
from segue_plugins.nowplaying.__main__ import main
from segue_plugins.nowplaying.file import read_now_playing
from segue_plugins.nowplaying.match import best
from support import wait_until

NAME = "Ada Lantern - Night Bus.mp3"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"Ada Lantern - Night Bus\n", "Ada Lantern - Night Bus"),
        (b"\r\n  \r\n/music/a b.mp3  \r\nsecond\r\n", "/music/a b.mp3"),
        ("Björk - Jóga".encode(), "Björk - Jóga"),
        ("\ufeffBjörk - Jóga".encode(), "Björk - Jóga"),
        ("Björk - Jóga\r\n".encode("utf-16"), "Björk - Jóga"),
        (b"Bj\xf6rk", "Bj\N{REPLACEMENT CHARACTER}rk"),
        (b"", ""),
        (b" \n\0\n", ""),
    ],
)
def test_the_file_is_read_as_programs_write_it(tmp_path, content, line):
    (tmp_path / "now.txt").write_bytes(content)
    assert read_now_playing(tmp_path / "now.txt") == line


def test_no_file_is_nothing_playing(tmp_path):
    assert read_now_playing(tmp_path / "now.txt") == ""


def test_the_track_that_a_line_means():
    tracks = [
        Track(id=1, path="/1", title="Night Bus (Late Mix)", artist="Ada Lantern"),
        Track(id=2, path="/2", title="Night Bus", artist="Ada Lantern"),
        Track(id=3, path="/3", title="Night Bus", artist="Somebody Else"),
    ]
    assert best(tracks, "ADA LANTERN  - night bus").id == 2
    assert best(tracks, "Night Bus - Somebody Else").id == 3
    assert best(tracks, "Night Bus").id == 2
    assert best(tracks, "Night") is None
    assert best(tracks[:1], "Ada Lantern Late Mix").id == 1
    assert best([], "Night Bus") is None


def test_a_shim_imports_nothing_heavy():
    code = "import sys, segue_plugins.nowplaying.__main__; print(sorted({'numpy', 'onnxruntime', 'av'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture
def shim(home, tmp_path):
    """The shim's process, started before the daemon, and the file it follows."""
    file = tmp_path / "now.txt"
    command = [sys.executable, "-m", "segue_plugins.nowplaying", str(file), "--deck", "left", "--home", str(home)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process, file
        process.kill()


def deck(home: Path):
    """What the daemon knows of the deck, None while there is no daemon or no deck."""
    with contextlib.suppress(DaemonError), Client(home, timeout=5) as client:
        return next((deck for deck in client.decks().decks if deck.deck == "left"), None)
    return None


def plays(home: Path, path: Path):
    found = deck(home)
    return found is not None and found.playing and found.path == str(path)


def rests(home: Path):
    found = deck(home)
    return found is not None and not found.playing


def plays_a_stranger(home: Path):
    found = deck(home)
    return found is not None and found.playing and found.path is None


def test_the_deck_follows_the_file_through_restarts_of_the_daemon(home, shim, tmp_path, music, start_daemon):
    process, file = shim
    folder = tmp_path / "music"
    folder.mkdir()
    track = Path(shutil.copy(music / NAME, folder)).resolve()
    Home.locate(home).config_file.write_text("settle_seconds = 0.3\nworkers = 1\n")

    file.write_text(f"{track}\n")
    daemon = start_daemon()
    wait_until(lambda: plays(home, track), what="the deck by its path")

    with Client(home) as client:
        client.add_folder(folder)
        file.write_text("")
        wait_until(lambda: rests(home), what="the empty deck")
        wait_until(lambda: client.status().tracks.indexed == 1, 60, what="the analysis")
    file.write_text("ADA LANTERN - Night Bus")
    wait_until(lambda: plays(home, track), what="the deck by artist and title")
    assert deck(home).track is not None
    assert deck(home).client == "nowplaying"

    file.write_text("Nobody - A track in no library")
    wait_until(lambda: plays_a_stranger(home), what="the unknown track")
    with Client(home) as client:
        assert client.status().gig_mode
    file.write_text("ADA LANTERN - Night Bus")

    daemon.kill()
    start_daemon()
    wait_until(lambda: plays(home, track), what="the deck in the new daemon")

    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not deck(home).playing
    assert deck(home).path is None

    broadcast(home, track)


def broadcast(home, track):
    """The same daemon, by a broadcast: until it ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "segue_plugins.nowplaying", "--broadcast", str(port), "--password", "x"]
    with subprocess.Popen([*command, "--deck", "left", "--home", str(home)]) as process:
        wait_until(lambda: answers(port), what="the listener")
        head = b"HTTP/1.0\r\nAuthorization: Basic c291cmNlOng=\r\n\r\n"  # source:x
        with socket.create_connection(("127.0.0.1", port)) as source:
            source.sendall(b"SOURCE /live " + head)
            with socket.create_connection(("127.0.0.1", port)) as words:
                words.sendall(b"GET /admin/metadata?mode=updinfo&artist=Ada+Lantern&title=Night+Bus " + head)
            wait_until(lambda: plays(home, track), what="the deck by a broadcast")
        wait_until(lambda: rests(home), what="the end of the broadcast")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_one_thing_is_followed(capsys):
    for arguments in ([], ["now.txt", "--broadcast", "8010"]):
        with pytest.raises(SystemExit):
            main(arguments)
        assert "--broadcast" in capsys.readouterr().err
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert main(["--broadcast", str(other.getsockname()[1])]) == 1
    assert "cannot be listened on" in capsys.readouterr().err
