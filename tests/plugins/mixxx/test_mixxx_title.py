"""Window titles: what they say, of a real X server, and which file that is."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading

import pytest

from segue_plugins.mixxx import title
from segue_plugins.mixxx.naming import Naming, splits
from support import wait_until


@pytest.mark.parametrize(
    ("window", "track"),
    [
        ("Ada Lantern - Night Bus | Mixxx", "Ada Lantern - Night Bus"),
        ("Night Bus | Mixxx", "Night Bus"),
        ("A | B - C | D | Mixxx", "A | B - C | D"),
        ("Ada  Lantern -\nNight Bus | Mixxx 2.5.0", "Ada Lantern - Night Bus"),
        ("Mixxx", ""),
        ("Mixxx 2.5.0", ""),
        ("Mixxx Preferences", None),
        ("| Mixxx", None),
        ("", None),
        ("Mixxx | Ada Lantern - Browser", None),
        ("x" * 100_000 + " | Mixxx", None),
    ],
)
def test_the_track_in_a_title(window, track):
    assert title.track_in(window) == track


def test_artists_and_titles_of_a_text():
    assert list(splits("A - B - C")) == [("A", "B - C"), ("A - B", "C"), ("", "A - B - C")]
    assert list(splits("Night Bus")) == [("", "Night Bus")]


def test_a_text_is_looked_up_in_mixxx_first_and_again_while_nobody_knows_it():
    library, guesses, asked = {("A - B", "C"): "/abc"}, {}, []

    def by_name(artist, title):
        asked.append((artist, title))
        return library.get((artist, title))

    naming = Naming(by_name, guesses.get)
    assert [naming.path("A - B - C", now) for now in (0.0, 1.0, 100.0)] == ["/abc"] * 3
    assert asked == [("A", "B - C"), ("A - B", "C")]
    assert naming.path("X", 1.0) is None
    guesses["X"] = "/x"
    assert naming.path("X", 2.0) is None
    assert naming.path("X", 7.0) == "/x"
    assert naming.path(None, 8.0) is None
    assert naming.path("X", 9.0) == "/x"


class Titles:
    """A window system that fails, then works, then hangs."""

    def __init__(self, answers):
        self._answers = iter(answers)

    def of(self, pid):
        return next(self._answers)(pid)

    def close(self):
        pass


def fail(_):
    raise RuntimeError("no window system")


def test_a_window_system_that_fails_is_asked_again(monkeypatch):
    monkeypatch.setattr(title, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(title, "_AGAIN_SECONDS", 0.01)
    hang = threading.Event()
    titles = Titles(
        [fail, lambda pid: [f"{pid} | Mixxx"], fail, lambda _: ["Tip", "A - B | Mixxx", "Mixxx"], lambda _: hang.wait()]
    )
    watch = title.Watch(7, lambda: titles)
    wait_until(lambda: watch.latest() == "A - B")
    watch.close()
    assert watch.latest() == "A - B"
    hang.set()


@pytest.fixture
def display():
    """The name of an X server without a window manager."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb here")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as file:
            yield f":{int(file.readline())}"
        server.terminate()


def test_titles_of_real_windows(display, monkeypatch):
    xlib = pytest.importorskip("Xlib.display")
    monkeypatch.setenv("DISPLAY", display)
    program = xlib.Display()
    screen = program.screen()
    names = [program.intern_atom(name) for name in ("_NET_WM_PID", "_NET_WM_NAME", "UTF8_STRING", "_NET_CLIENT_LIST")]
    pid_atom, name_atom, utf8, list_atom = names
    cardinal, window_type = program.intern_atom("CARDINAL"), program.intern_atom("WINDOW")

    def window(text, pid, parent=screen.root):
        made = parent.create_window(0, 0, 10, 10, 0, screen.root_depth)
        made.set_wm_class("mixxx" if pid is None else "other", "Mixxx" if pid is None else "Other")
        if pid is not None:
            made.change_property(pid_atom, cardinal, 32, [pid])
        made.change_property(name_atom, utf8, 8, text.encode())
        made.map()
        program.sync()
        return made

    frame = window("a frame", 1)
    window("Somebody - Else | Mixxx", 2)
    ours = window("Björk - Jóga | Mixxx", 4711, parent=frame)
    titles = title.XTitles()
    assert titles.of(4711) == ["Björk - Jóga | Mixxx"]
    assert titles.of(3) == []
    window("A - Sandboxed | Mixxx", None)
    assert titles.of(3) == ["A - Sandboxed | Mixxx"], "by its name, where its number is another"

    screen.root.change_property(list_atom, window_type, 32, [ours.id, 999_999_999])
    program.sync()
    assert titles.of(4711) == ["Björk - Jóga | Mixxx"], "as a window manager lists them"

    monkeypatch.setattr(title, "LOOK_SECONDS", 0.05)
    watch = title.watch(4711)
    wait_until(lambda: watch.latest() == "Björk - Jóga")
    ours.change_property(name_atom, utf8, 8, b"A - B | Mixxx")
    program.sync()
    wait_until(lambda: watch.latest() == "A - B")
    ours.change_property(name_atom, utf8, 8, b"Mixxx")
    program.sync()
    wait_until(lambda: watch.latest() == "")
    ours.destroy()
    program.sync()
    wait_until(lambda: watch.latest() is None)
    watch.close()
    titles.close()
    program.close()


def test_without_a_display_nobody_tells(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    watch = title.watch(1)
    if watch is not None:
        assert watch.latest() is None
        watch.close()


def test_where_it_cannot_be_done(monkeypatch):
    monkeypatch.setattr(title.sys, "platform", "darwin")
    assert title.watch(1) is None
    monkeypatch.setattr(title.sys, "platform", "linux")
    monkeypatch.setattr(title.importlib, "import_module", lambda _: (_ for _ in ()).throw(ImportError))
    assert title.watch(1) is None
