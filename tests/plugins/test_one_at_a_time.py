"""The lock that keeps two shims from following one DJ program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segue.errors import ProgramSetupError, ProgramTakenError
from segue_plugins.one_at_a_time import one_at_a_time
from support import wait_until

HOLDER = """
import sys, time
from pathlib import Path
from segue_plugins.one_at_a_time import one_at_a_time
with one_at_a_time(Path(sys.argv[1]), "Mixxx"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_one_is_told_who_holds_it_and_a_killed_holder_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "shim.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(ProgramTakenError, match=f"already, as process {holder.pid}:"),
            one_at_a_time(file, "Mixxx"),
        ):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    wait_until(lambda: taken(file), 5)
    assert file.read_text() == f"{os.getpid()}\n"


def taken(file: Path) -> bool:
    with one_at_a_time(file, "Mixxx"):
        return True


def test_it_is_let_go_of_after_an_error_too(tmp_path: Path) -> None:
    file = tmp_path / "shim.lock"
    with pytest.raises(ValueError, match="on purpose"), one_at_a_time(file, "Mixxx"):
        raise ValueError("on purpose")
    assert taken(file)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProgramSetupError, match="cannot be written"), one_at_a_time(tmp_path / "no" / "lock", "Mixxx"):
        pass
