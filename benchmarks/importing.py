"""How long `segue mixxx import` takes: a real daemon with a made-up library, and a data base of Mixxx's layout that has the same tracks.

python benchmarks/importing.py --tracks 10000
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import _library
from next import running

from segue.home import Home
from segue.library.store import Library
from segue.networks.models import ModelSet, models_dir
from segue_plugins.mixxx import importing
from segue_plugins.mixxx.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "plugins" / "mixxx"))
import mixxx_tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        home = Home.locate(Path(folder) / "home")
        home.create()
        database = fill(home, Path(folder), options.tracks)
        with running(home) as (client, process, _):
            for name in ("the first time", "again"):
                before, began = process.cpu_times(), time.perf_counter()
                done = importing.run(client, database)
                took, after = time.perf_counter() - began, process.cpu_times()
                cpu = after.user + after.system - before.user - before.system
                sys.stdout.write(f"{name}: {took:.1f} s, {cpu:.1f} s of the daemon's processor time; {done}\n")


def fill(home: Home, folder: Path, count: int) -> Database:
    """The same tracks in Segue's library and in Mixxx's; a tenth of them in Mixxx alone."""
    models = ModelSet.load(models_dir())
    library = Library(home.library_file)
    library.set_model(models.id, models.labels, models.dim)
    rows = list(_library.analyses(_library.columns(count, models.dim), models.id))
    for first in range(0, count, 2000):
        library.store_many(rows[first : first + 2000])
    library.close()
    path = folder / "mixxxdb.sqlite"
    mixxx_tables.make(path)
    with closing(sqlite3.connect(path)) as db, db:
        for number, (name, probe, heard) in enumerate(rows, 10):
            place = name if number % 10 else name.replace("/music/", "/other/").replace(".mp3", " other.mp3")
            db.execute("INSERT INTO track_locations VALUES(?, ?, 0)", (number, place))
            title = probe.tags.title if number % 10 else f"Nobody knows {number}"
            db.execute(
                "INSERT INTO library(id, artist, title, location, duration, bpm, bpm_lock, key_id, rating, mixxx_deleted)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    *(number, probe.tags.artist, title, number, probe.duration),
                    *(heard.tempo.bpm, number % 3 == 0, number % 25, number % 6),
                ),
            )
            db.execute("INSERT INTO crate_tracks VALUES(?, ?)", (1 + number % 2, number))
            db.execute("INSERT INTO PlaylistTracks(playlist_id, track_id, position) VALUES(3, ?, ?)", (number, number))
    return Database(path)


if __name__ == "__main__":
    main()
