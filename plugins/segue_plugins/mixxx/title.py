"""What Mixxx's window title says: ``Artist - Title | Mixxx`` names the loudest track that plays, ``Mixxx`` alone: nothing plays.

On Linux it is read from the X server (python-xlib, the extra ``title``), on Windows from the system; elsewhere, or without an X
server, nobody tells. It is one more witness, and the only one where neither open files nor the history can be read.
"""

from __future__ import annotations

import importlib
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, Protocol

_log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 30.0
"""After the window system could not be asked."""
_TITLE: Final = re.compile(r"(?:(?P<text>.+\S)\s*\|\s*)?Mixxx(?: [\d.][^|]*)?", re.DOTALL)
_MOST_WINDOWS: Final = 2000
_LONGEST: Final = 512


class Titles(Protocol):
    """A window system that can be asked."""

    def of(self, pid: int) -> list[str]:
        """Titles of a process's windows. May raise anything: window systems do."""

    def close(self) -> None:
        """Ask no more."""


def track_in(title: str) -> str | None:
    """Return the ``Artist - Title`` of a window title; empty: Mixxx plays nothing; None: it is no title of its main window."""
    found = _TITLE.fullmatch(title.strip()[:_LONGEST])
    return " ".join((found["text"] or "").split()) if found else None


class Watch:
    """Looks at the title of a process's window once a second, in a thread of its own: a window system may not answer."""

    def __init__(self, pid: int, connect: Callable[[], Titles]) -> None:
        self._pid = pid
        self._connect = connect
        self._text: str | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="title", daemon=True)
        self._thread.start()

    def latest(self) -> str | None:
        """The ``Artist - Title`` of the last look; empty: Mixxx plays nothing; None: nobody tells. Returns at once."""
        return self._text

    def close(self) -> None:
        """Look no more. A look that hangs is left to the end of the program."""
        self._ended.set()
        self._thread.join(0.5)

    def _run(self) -> None:
        titles: Titles | None = None
        while not self._ended.is_set():
            try:
                titles = titles or self._connect()
                found = [text for title in titles.of(self._pid) if (text := track_in(title)) is not None]
                self._text = max(found, default=None)
            except Exception as error:  # noqa: BLE001 - a window system's errors are of many kinds, and none may end this
                _log.debug("no window title: %s", error)
                _close(titles)
                titles = self._text = None
            self._ended.wait(LOOK_SECONDS if titles else _AGAIN_SECONDS)
        _close(titles)


def _close(titles: Titles | None) -> None:
    if titles is not None:
        with suppress(Exception):
            titles.close()


def watch(pid: int) -> Watch | None:
    """Watch the windows of a process; None where that cannot be done here."""
    if sys.platform == "win32":
        return Watch(pid, _WindowsTitles)
    if sys.platform.startswith("linux"):
        with suppress(ImportError):
            importlib.import_module("Xlib.display")
            return Watch(pid, XTitles)
    return None


class XTitles:
    """Titles of an X server's windows; `display` as in the variable DISPLAY, which is taken without it."""

    def __init__(self, display: str | None = None) -> None:
        self._errors = importlib.import_module("Xlib.error")
        self._display = importlib.import_module("Xlib.display").Display(display)
        self._root = self._display.screen().root
        atom = self._display.intern_atom
        self._list, self._pid, self._name = map(atom, ("_NET_CLIENT_LIST", "_NET_WM_PID", "_NET_WM_NAME"))

    def of(self, pid: int) -> list[str]:
        """Titles of a process's windows; those of its name where another name space gives it another number."""
        by_number: list[str] = []
        by_name: list[str] = []
        for window in self._windows():
            with suppress(self._errors.BadWindow):  # it was closed meanwhile
                if self._first(window, self._pid) == pid:
                    by_number.append(self._title(window))
                elif "mixxx" in [name.lower() for name in window.get_wm_class() or ()]:
                    by_name.append(self._title(window))
        return by_number or by_name

    def close(self) -> None:
        """Leave the X server."""
        self._display.close()

    def _windows(self) -> Iterator[Any]:
        """The windows that the window manager lists, or else all that are there."""
        listed = self._root.get_full_property(self._list, 0)
        if listed is not None:
            yield from (self._display.create_resource_object("window", number) for number in listed.value)
            return
        waiting = [self._root]
        for _ in range(_MOST_WINDOWS):
            if not waiting:
                return
            window = waiting.pop(0)
            yield window
            with suppress(self._errors.BadWindow):
                waiting += window.query_tree().children

    def _first(self, window: Any, atom: int) -> int | None:
        found = window.get_full_property(atom, 0)
        return int(found.value[0]) if found is not None and len(found.value) else None

    def _title(self, window: Any) -> str:
        found = window.get_full_property(self._name, 0)
        if found is not None:
            value = found.value
            return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
        name = window.get_wm_name()
        return name.decode("latin-1") if isinstance(name, bytes) else name or ""


class _WindowsTitles:
    """Titles of the windows of Windows. Written after its documentation, and not run yet."""

    def __init__(self) -> None:
        self._ctypes: Any = importlib.import_module("ctypes")
        self._user: Any = self._ctypes.WinDLL("user32", use_last_error=True)
        wintypes: Any = importlib.import_module("ctypes.wintypes")
        self._word = wintypes.DWORD
        self._callback = self._ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
        self._user.EnumWindows.argtypes = [self._callback, wintypes.LPARAM]
        self._user.GetWindowThreadProcessId.argtypes = [wintypes.HWND, self._ctypes.POINTER(wintypes.DWORD)]
        self._user.IsWindowVisible.argtypes = [wintypes.HWND]
        self._user.InternalGetWindowText.argtypes = [wintypes.HWND, wintypes.LPWSTR, self._ctypes.c_int]

    def of(self, pid: int) -> list[str]:
        """Titles of a process's visible windows."""
        found: list[str] = []
        text = self._ctypes.create_unicode_buffer(_LONGEST + 1)

        def take(window: Any, _: Any) -> bool:
            owner = self._word()
            self._user.GetWindowThreadProcessId(window, self._ctypes.byref(owner))
            # Not GetWindowText, which asks the other program and waits for it.
            if (
                owner.value == pid
                and self._user.IsWindowVisible(window)
                and self._user.InternalGetWindowText(window, text, _LONGEST)
            ):
                found.append(str(text.value))
            return True

        self._user.EnumWindows(self._callback(take), 0)
        return found

    def close(self) -> None:
        """Nothing is held."""
