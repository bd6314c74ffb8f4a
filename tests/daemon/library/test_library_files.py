"""The queue, and what happens to files: found, changed, moved, copied, replaced, gone, back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from library_support import analysis, probe
from segue.errors import DamagedAudioError, FileMissingError, FolderNotFoundError
from segue.library.files import FileStat
from segue.library.store import Library

HERE = "/music/one.mp3"


def index(library: Library, path: str, name: str, **tags: object) -> int:
    library.enqueue(path, 1000, 7)
    return library.store(path, probe(name, **tags), analysis(name), as_of=library.file(path))


def test_a_new_file_waits_until_it_is_stored(library: Library) -> None:
    assert library.enqueue(HERE, 1000, 7) is True
    assert library.enqueue(HERE, 1000, 7) is False
    assert [row.path for row in library.take(10, [])] == [HERE]
    assert library.counts().queued == 1
    track = library.store(HERE, probe("one"), analysis("one"))
    assert library.take(10, []) == []
    assert library.file(HERE)._replace(first_seen=0.0)[:5] == (HERE, 1000, 7, "indexed", track)
    assert library.enqueue(HERE, 1000, 7) is False
    assert (library.counts().indexed, library.counts().queued) == (1, 0)


def test_the_queue_gives_priority_and_then_the_newest(library: Library) -> None:
    library.enqueue_many([FileStat(f"/m/{n}.mp3", 1, n) for n in range(5)])
    library.enqueue("/m/low.mp3", 1, 99, priority=-1)
    library.raise_priority("/m/2.mp3", 10)
    library.raise_priority("/m/2.mp3", 5)
    names = [Path(row.path).stem for row in library.take(10, [])]
    assert names == ["2", "4", "3", "1", "0", "low"]
    assert [Path(row.path).stem for row in library.take(2, ["/m/2.mp3", "/m/4.mp3"])] == ["3", "1"]


def test_a_copy_is_the_same_track(library: Library) -> None:
    track = index(library, HERE, "one")
    library.enqueue("/music/copy.mp3", 1000, 8)
    assert library.attach("/music/copy.mp3", probe("one")) == track
    assert library.counts().indexed == 1
    assert sorted(library.track(track).files) == ["/music/copy.mp3", HERE]


def test_unknown_audio_is_not_attached(library: Library) -> None:
    index(library, HERE, "one")
    library.enqueue("/music/two.mp3", 1, 1)
    assert library.attach("/music/two.mp3", probe("two")) is None
    assert library.known(probe("two").identity) is None
    assert library.known(probe("one").identity) == library.resolve(HERE)
    assert library.file("/music/two.mp3").state == "queued"


def test_a_moved_file_stays_present_and_leaves_nothing_behind(library: Library) -> None:
    track = index(library, HERE, "one")
    assert library.move_many([(HERE, "/music/sub/1.mp3"), ("/music/unknown.mp3", "/music/x.mp3")]) == 1
    assert library.track(track).missing is False
    assert library.file(HERE) is None
    assert library.file("/music/sub/1.mp3").state == "queued"
    assert library.attach("/music/sub/1.mp3", probe("one")) == track
    assert library.track(track).files == ["/music/sub/1.mp3"]


def test_a_move_onto_a_file_with_a_track_of_its_own_is_left_to_the_probe(library: Library) -> None:
    one, two = index(library, HERE, "one"), index(library, "/music/two.mp3", "two")
    assert library.move_many([(HERE, "/music/two.mp3")]) == 0
    assert (library.file(HERE).track_id, library.file("/music/two.mp3").track_id) == (one, two)


def test_a_missing_file_takes_nothing_with_it_and_comes_back_at_once(library: Library) -> None:
    track = index(library, HERE, "one", title="One")
    library.set_value(track, "bpm", 125.0, "user")
    before = library.generation()
    assert library.mark_missing([HERE, "/music/never-seen.mp3"]) == [track]
    assert library.mark_missing([HERE]) == []
    gone = library.track(track)
    assert (gone.missing, gone.files, gone.path, gone.bpm) == (True, [], HERE, 125.0)
    assert library.columns().present.tolist() == [False]
    assert (library.counts().indexed, library.counts().missing) == (0, 1)
    result = library.enqueue_many([FileStat(HERE, 1000, 7)])
    assert (result.queued, result.returned) == (0, [track])
    assert library.columns().present.tolist() == [True]
    assert library.generation() == before


def test_a_missing_track_comes_back_with_a_copy_elsewhere(library: Library) -> None:
    track = index(library, HERE, "one")
    library.mark_missing([HERE])
    library.enqueue("/usb/other name.mp3", 5, 5)
    assert library.attach("/usb/other name.mp3", probe("one")) == track
    assert library.track(track).files == ["/usb/other name.mp3"]
    assert library.file(HERE) is None


def test_a_missing_file_that_comes_back_changed_is_looked_at(library: Library) -> None:
    track = index(library, HERE, "one")
    library.mark_missing([HERE])
    assert library.enqueue_many([FileStat(HERE, 1001, 9)]) == (1, [])
    assert library.file(HERE).state == "queued"
    assert library.track(track).missing is False


def test_a_file_that_never_was_a_track_is_forgotten_when_it_goes(library: Library) -> None:
    library.enqueue(HERE, 1, 1)
    assert library.mark_missing([HERE]) == []
    assert library.file(HERE) is None


def test_a_replaced_file_leaves_its_old_track(library: Library) -> None:
    old = index(library, HERE, "one")
    library.enqueue(HERE, 2000, 9)
    row = library.file(HERE)
    assert row.track_id == old
    assert library.attach(HERE, probe("two"), as_of=row) is None
    new = library.store(HERE, probe("two"), analysis("two"), as_of=row)
    assert new != old
    assert library.columns().ids.tolist() == [new]
    assert library.track(old).missing is True
    assert library.search("one", 10) == [new]


def test_a_retag_changes_titles_and_file_values_only(library: Library) -> None:
    track = index(library, HERE, "one", title="Old", artist="A", bpm=120.0)
    vector = library.vector(track)
    library.enqueue(HERE, 1010, 8)
    assert library.attach(HERE, probe("one", title="New", artist="B"), as_of=library.file(HERE)) == track
    told = library.track(track)
    assert (told.title, told.artist, told.bpm) == ("New", "B", 124.0)
    assert (library.vector(track) == vector).all()
    assert (library.search("Old", 5), library.search("New", 5)) == ([], [track])


def test_a_bare_copy_takes_no_titles_away(library: Library) -> None:
    track = index(library, HERE, "one", title="Real title", artist="Artist")
    library.enqueue("/music/Copy of x.mp3", 1, 1)
    library.attach("/music/Copy of x.mp3", probe("one"))
    assert library.track(track).title == "Real title"


def test_a_failed_file_waits_for_a_change(library: Library) -> None:
    library.enqueue(HERE, 10, 1)
    library.fail(HERE, DamagedAudioError("It ends after two seconds."))
    assert library.enqueue(HERE, 10, 1) is False
    assert library.counts().failed == 1
    (failure,) = library.failures(10)
    assert (failure.path, failure.code, failure.message) == (HERE, "damaged-audio", "It ends after two seconds.")
    assert library.enqueue(HERE, 10, 2) is True
    assert library.failures(10) == []
    assert library.counts().failed == 0


def test_a_failed_file_that_was_replaced_leaves_its_old_track(library: Library) -> None:
    track = index(library, HERE, "one")
    library.enqueue(HERE, 10, 2)
    library.fail(HERE, DamagedAudioError("Broken."), as_of=library.file(HERE))
    assert library.track(track).missing is True


def test_a_file_that_vanished_during_its_analysis_is_no_failure(library: Library) -> None:
    library.enqueue(HERE, 10, 1)
    library.fail(HERE, FileMissingError("There is no such file."))
    assert library.counts().failed == 0
    assert library.file(HERE) is None


def test_a_file_that_changed_during_its_analysis_stays_queued(library: Library) -> None:
    library.enqueue(HERE, 10, 1)
    (row,) = library.take(1, [])
    library.enqueue(HERE, 20, 2)
    library.store(HERE, probe("half"), analysis("half"), as_of=row)
    assert library.file(HERE).state == "queued"
    library.fail(HERE, DamagedAudioError("Broken."), as_of=row)
    assert library.file(HERE).state == "queued"
    assert library.counts().indexed == 0


def test_a_file_that_vanished_during_its_analysis_leaves_the_analysis_for_its_new_place(library: Library) -> None:
    library.enqueue(HERE, 10, 1)
    (row,) = library.take(1, [])
    library.mark_missing([HERE])
    track = library.store(HERE, probe("one"), analysis("one"), as_of=row)
    assert library.file(HERE) is None
    assert library.columns().ids.tolist() == []
    library.enqueue("/music/there.mp3", 10, 1)
    assert library.attach("/music/there.mp3", probe("one")) == track
    assert library.columns().ids.tolist() == [track]


def test_a_removed_folder_is_forgotten_but_for_what_others_cover(library: Library) -> None:
    for folder in ("/music", "/music/live", "/more"):
        library.add_folder(Path(folder))
    one = index(library, "/music/one.mp3", "one")
    live = index(library, "/music/live/two.mp3", "two")
    similar = index(library, "/music-not/three.mp3", "three")
    assert library.remove_folder(Path("/music")) == [one]
    assert library.folders() == [Path("/music/live"), Path("/more")]
    assert library.columns().ids.tolist() == [live, similar]
    assert library.search("one", 5) == []
    library.add_folder(Path("/music"))
    library.enqueue("/music/one.mp3", 1000, 7)
    assert library.attach("/music/one.mp3", probe("one")) == one
    with pytest.raises(FolderNotFoundError, match="segue folders"):
        library.remove_folder(Path("/elsewhere"))


def test_a_removed_folder_takes_its_copy_of_a_track_whose_other_file_is_missing(library: Library) -> None:
    library.add_folder(Path("/music"))
    library.add_folder(Path("/stick"))
    track = index(library, "/music/one.mp3", "one")
    index(library, "/stick/one.mp3", "one")
    assert library.mark_missing(["/stick/one.mp3"]) == [track]  # somebody may ask where it lies now
    assert library.remove_folder(Path("/music")) == [track]
    assert library.columns().present.tolist() == [False]


def test_missing_files_do_not_count_as_being_in_a_folder(library: Library) -> None:
    index(library, "/music/one.mp3", "one")
    index(library, "/music/two.mp3", "two")
    library.enqueue("/music/three.mp3", 1, 1)
    library.mark_missing(["/music/one.mp3"])
    assert library.count_under("/music") == 2


def test_a_folder_inside_another_keeps_its_files_when_it_is_removed(library: Library) -> None:
    library.add_folder(Path("/music"))
    library.add_folder(Path("/music/live"))
    index(library, "/music/live/two.mp3", "two")
    assert library.remove_folder(Path("/music/live")) == []
    assert library.count_under("/music") == 1


def test_files_below_a_folder_are_not_those_of_a_like_named_one(library: Library) -> None:
    for path in ("/m/a/1.mp3", "/m/a b/2.mp3", "/m/a.mp3", "/m/a/deep/er/3.mp3"):
        library.enqueue(path, 1, 1)
    assert sorted(library.files_under("/m/a")) == ["/m/a/1.mp3", "/m/a/deep/er/3.mp3"]
    assert sorted(library.files_under("/m/a/")) == ["/m/a/1.mp3", "/m/a/deep/er/3.mp3"]


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_a_name_that_is_no_unicode_is_kept_byte_for_byte(library: Library) -> None:
    path = os.fsdecode(b"/music/Bj\xf6rk - J\xf3ga.mp3")
    track = index(library, path, "joga")
    assert library.file(path).path == path
    assert os.fsencode(next(iter(library.files_under("/music")))) == b"/music/Bj\xf6rk - J\xf3ga.mp3"
    told = library.track(track)
    assert told.path == "/music/Bj\ufffdrk - J\ufffdga.mp3"
    told.path.encode()
    assert library.resolve(path) == library.resolve(told.path) == track


def test_composed_and_decomposed_names_are_two_files(library: Library) -> None:
    for path in ("/m/\u00e9.mp3", "/m/e\u0301.mp3"):
        library.enqueue(path, 1, 1)
    assert library.counts().queued == 2


def test_a_new_file_holds_no_failure_of_another_size(library: Library) -> None:
    library.fail("/m/never-queued.mp3", DamagedAudioError("Broken \udcff."))
    assert library.failures(1)[0].message == "Broken ?."
    library.failures(1)[0].message.encode()


def test_forgetting_files_shrinks_the_columns_and_raises_the_generation(library: Library) -> None:
    track = index(library, HERE, "one")
    before = library.generation()
    assert library.forget([HERE]) == [track]
    assert library.generation() > before
    assert len(library.columns().ids) == 0


def test_a_hundred_thousand_files_are_queued_in_seconds(library: Library) -> None:
    found = [FileStat(f"/music/{n % 500}/{n}.mp3", n, n) for n in range(100_000)]
    assert library.enqueue_many(found).queued == 100_000
    assert library.enqueue_many(found).queued == 0
    assert library.take(1, [])[0].mtime_ns == 99_999
