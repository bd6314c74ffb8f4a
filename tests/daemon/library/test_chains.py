"""Sets are put together again from transitions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from library_support import analysis, probe
from segue.library.memory import HISTORY, PLAYLIST, Learned
from segue.library.store import Library


def filled(library: Library, count: int = 12) -> list[int]:
    library.add_folder(Path("/m"))
    return library.store_many(
        [(f"/m/{n}.mp3", probe(f"{n}", title=f"Song {n}"), analysis(f"{n}")) for n in range(count)]
    )


def test_nights_and_histories_come_back_and_playlists_do_not(library: Library) -> None:
    ids = filled(library)
    for evening, tracks in ((1.7e9, ids[:4]), (1.7e9 + 86_400, ids[4:7])):
        for place, track in enumerate(tracks):
            library.add_play(track, evening + 300.0 * place, "user")
    library.add_blend(ids[1], ids[2], 1.7e9 + 600.0, 30.0)  # told by the decks, too
    for kind, path, tracks in ((HISTORY, "/h.nml", ids[7:10]), (PLAYLIST, "/p.m3u", ids[9:12])):
        pairs = [Learned(one, other, 0.0, None) for one, other in pairwise(tracks)]
        library.learn(path, "m3u", (1, 3, 3), *((pairs, []) if kind == HISTORY else ([], pairs)))
    assert sorted(library.sets_played()) == sorted([ids[:4], ids[4:7], ids[7:10]])
    assert library.sets_played().index(ids[:4]) < library.sets_played().index(ids[4:7])


def test_a_setting_is_kept_until_it_is_forgotten(library: Library, library_file: Path) -> None:
    assert library.setting("weights") is None
    library.settle("weights", b'{"key": 1}')
    library.settle("weights", b'{"key": 2}')
    library.close()
    opened = Library(library_file)
    assert opened.setting("weights") == b'{"key": 2}'
    opened.settle("weights", None)
    assert opened.setting("weights") is None
    opened.close()
