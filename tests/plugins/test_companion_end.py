"""A shim that the daemon started: how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

SHIM = """
import sys, time
from segue_plugins.companion import end_with_daemon
end_with_daemon()
try:
    print("ready", flush=True)
    if sys.argv[1] == "at once":
        sys.exit(3)
    time.sleep(30)
except KeyboardInterrupt:
    print("left in good order")
"""


def shim(how: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", SHIM, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509 - as a script's `&` does
    )
    assert started.stdout.readline() == "ready\n"
    return started


def test_it_leaves_in_good_order_when_its_input_closes() -> None:
    assert shim("later").communicate(timeout=60)[0] == "left in good order\n"


def test_it_leaves_in_good_order_when_it_is_told_to() -> None:
    with shim("later") as told:
        told.terminate()
        assert told.stdout.read() == "left in good order\n"


def test_it_can_end_by_itself_while_its_input_is_open() -> None:
    with shim("at once") as gone:
        assert gone.wait(60) == 3
