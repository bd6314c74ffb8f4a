"""What Segue costs a DJ who plays with Mixxx: sound that came too late, and CPU, while two decks play.

    python benchmarks/mixxx.py [--seconds 60] [--files 120]

A real Mixxx runs as in the tests: on an invisible screen, with JACK's dummy driver, two decks playing. Four times:

    alone     without Segue
    idle      the daemon and `segue mixxx` run, with nothing to do
    gig       the same, and a folder of new files is added to the library: a deck plays, so that their analysis has to wait
    no gig    the daemon alone analyses that folder: nobody tells it that a deck plays. For contrast

Sound that came too late is counted by Mixxx itself ([Master],audio_latency_overload_count), and by jackd (XRun). CPU is that of all
processes with their children, in per cent of one core. Needs what `pytest -n 0 -m mixxx` needs; see CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "plugins" / "mixxx"), str(TESTS / "plugins" / "mixxx" / "stand_in")]

from mixxx_desk import Desk, Profile, RealMixxx  # noqa: E402
from mixxx_program import Program  # noqa: E402
from mixxx_shim import Shim  # noqa: E402
from mixxx_truth import LIST, held, playing  # noqa: E402

import support  # noqa: E402
from loop import Loop  # noqa: E402
from segue.demo.files import write_audio, write_track  # noqa: E402
from segue.demo.sounds import RATE  # noqa: E402
from segue.demo.synth import render  # noqa: E402
from segue.demo.tracks import DEMO_TRACKS  # noqa: E402
from segue_plugins.mixxx.link import Link, open_link  # noqa: E402
from segue_plugins.mixxx.script import Overload  # noqa: E402

TRACKS = 8
NEW_SECONDS = 120
SETTLE = 12.0
"""Seconds after the loads in which Mixxx analyses them."""
CASES = ("alone", "idle", "gig", "no gig")


@dataclass
class Figures:
    """Of one case, while the decks play."""

    seconds: float = 0.0
    overloads: int = 0
    xruns: int = 0
    mixxx: float = 0.0
    shim: float = 0.0
    daemon: float = 0.0
    analysed: int = 0


class Meter:
    """CPU seconds of a process and all its children, also of those that have ended and were waited for."""

    def __init__(self, pid: int | None) -> None:
        self._process = None if pid is None else psutil.Process(pid)
        self._last: dict[int, float] = {}

    def read(self) -> float:
        if self._process is None:
            return 0.0
        for process in [self._process, *self._process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                self._last[process.pid] = times.user + times.system
        return sum(self._last.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of playing, each time")
    parser.add_argument("--files", type=int, default=120, help="new files, of two minutes each")
    parser.add_argument("--cases", default=",".join(CASES), help="some of them, by comma (%(default)s)")
    options = parser.parse_args()
    program = Program.chosen()
    if absent := program.missing():
        sys.exit(f"no {', '.join(absent)} here")
    folder = Path(tempfile.mkdtemp(prefix="segue-bench-"))
    try:
        with Desk(folder, program) as desk:
            os.environ["FAKEMIDI_DIR"] = str(folder)
            bench = Bench(desk, options.seconds, options.files)
            found = {}
            for case in options.cases.split(","):
                found[case] = bench.run(case)
                print(case, found[case], file=sys.stderr)
        table(program.version, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Bench:
    def __init__(self, desk: Desk, seconds: float, files: int) -> None:
        self.desk = desk
        self.seconds = seconds
        self.files = files
        self.music = desk.folder / "music"
        self.music.mkdir()
        length = seconds + 2 * SETTLE
        for spec in DEMO_TRACKS[:TRACKS]:
            write_track(self.music, replace(spec, seconds=length), "flac")
        self.new = desk.folder / "new"
        new_files(self.new, files)
        self.fresh = Profile(desk.folder / "fresh").make(desk, self.music)
        self.fresh.add(sorted(self.music.iterdir()))

    def run(self, case: str) -> Figures:
        """One case, on a fresh profile and a fresh home."""
        profile = Profile(self.desk.folder / case.replace(" ", "-") / "settings")
        shutil.copytree(self.fresh.folder, profile.folder)
        home = Path(tempfile.mkdtemp(prefix="segue-"))
        shim = Shim(home, profile)
        try:
            with Loop(home, self.music) as loop:
                loop.settle(TRACKS, seconds=400)
                setup = shim.run("setup")
                if setup.returncode:
                    sys.exit(setup.stderr)
                if case == "alone":
                    loop.daemon.kill()
                elif case != "no gig":
                    shim.start()
                with contextlib.closing(open_link()) as link, RealMixxx(self.desk, profile) as mixxx:
                    return self._measure(case, link, mixxx, loop, shim)
        finally:
            if shim.process is not None:
                shim.process.kill()
                shim.process.wait()
            support.remove_home(home)

    def _measure(self, case: str, link: Link, mixxx: RealMixxx, loop: Loop, shim: Shim) -> Figures:
        mixxx.ready()
        mixxx.click(*LIST)
        for key in ("shift+Left", "shift+Right"):
            mixxx.press("Down")
            time.sleep(0.5)
            mixxx.press(key)
            time.sleep(2)
        if len(held(mixxx, self.music)) != 2:
            sys.exit("two tracks were not loaded")
        count = Count(link)
        list(count.follow(SETTLE))
        mixxx.press("d", "l")
        if shim.process is not None:
            support.wait_until(lambda: len(playing(loop.client)) == 2, 10, what="two decks that play")
        else:
            time.sleep(2)
        if case in {"gig", "no gig"}:
            loop.client.add_folder(self.new)
        meters = {
            "mixxx": Meter(mixxx.pid),
            "shim": Meter(shim.process.pid if shim.process is not None else None),
            "daemon": Meter(None if case == "alone" else loop.daemon.process.pid),
        }
        before = {name: meter.read() for name, meter in meters.items()}
        xruns, overloads = self._xruns(), count.now()
        began = time.monotonic()
        for _ in count.follow(self.seconds):
            for meter in meters.values():
                meter.read()
        figures = Figures(seconds=time.monotonic() - began)
        figures.overloads = count.now() - overloads
        figures.xruns = self._xruns() - xruns
        for name, meter in meters.items():
            setattr(figures, name, 100 * (meter.read() - before[name]) / figures.seconds)
        if case != "alone":
            figures.analysed = loop.status().tracks.indexed - TRACKS
        mixxx.stop()
        return figures

    def _xruns(self) -> int:
        return (self.desk.folder / "jackd.log").read_text(errors="replace").lower().count("xrun")


class Count:
    """Mixxx's own count of sound that came too late, as its script tells it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.last: int | None = None

    def follow(self, seconds: float) -> Iterator[None]:
        """Listen for so long, twice a second."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.5)
            for report in self._link.poll():
                if isinstance(report, Overload):
                    self.last = report.count
            yield

    def now(self) -> int:
        if self.last is None or not self._link.alive:
            sys.exit("Segue's script in Mixxx is not heard")
        return self.last


def new_files(folder: Path, number: int) -> None:
    """Write files of two minutes that no two of are the same: one track, begun at another place each time."""
    folder.mkdir()
    samples = render(replace(DEMO_TRACKS[-1], seconds=NEW_SECONDS))[::2]
    for one in range(number):
        begun = np.roll(samples, -one * len(samples) // number, axis=0)
        write_audio(folder / f"New {one:03d}.wav", np.ascontiguousarray(begun), RATE // 2)


def table(version: str, found: dict[str, Figures]) -> None:
    first = next(iter(found.values()))
    print(f"Mixxx {version}, two decks playing, {first.seconds:.0f} s each; CPU in per cent of one core")
    print("| | overloads | XRuns | Mixxx | to the first | segue mixxx | daemon | analysed |")
    print("|---|---|---|---|---|---|---|---|")
    for case, one in found.items():
        print(
            f"| {case} | {one.overloads} | {one.xruns} | {one.mixxx:.1f} % | {one.mixxx / first.mixxx:.2f} |"
            f" {one.shim:.1f} % | {one.daemon:.1f} % | {one.analysed} |"
        )


if __name__ == "__main__":
    main()
