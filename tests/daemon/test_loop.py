"""Folders in, suggestions out: a real daemon, real files, real sockets."""

import math
import shutil
import threading
import wave

import mutagen
import pytest

from loop import Loop
from segue.client import Client
from segue.demo.files import write_track
from segue.errors import (
    CrateNotFoundError,
    FileMissingError,
    FolderNotFoundError,
    InvalidParamsError,
    LibraryEmptyError,
    NotAudioError,
    SilentAudioError,
    TrackNotFoundError,
)
from segue.library.versions import stem
from segue.protocol.messages import DeckParams
from support import MUSIC, wait_until


@pytest.fixture(scope="module")
def full(tmp_path_factory, music):
    """A daemon that has indexed all of `music`: tests only ask it."""
    folder = tmp_path_factory.mktemp("full")
    with Loop(folder / "home", folder / "music") as loop:
        loop.bring(music.iterdir())
        loop.settle(indexed=len(MUSIC))
        yield loop


class TestAsking:
    def test_every_format_is_indexed_under_its_own_title(self, full):
        assert full.titles() == {spec.title for spec in MUSIC}
        assert {path.suffix for path in full.music.iterdir()} == {
            ".mp3", ".m4a", ".flac", ".ogg", ".opus", ".wav", ".aiff"
        }  # fmt: skip

    def test_tempo_and_key_are_those_that_were_rendered(self, full):
        found = {track.title: track for track in full.tracks()}
        tempi = [spec for spec in MUSIC if spec.style != "ambient"]
        right = [
            spec.title
            for spec in tempi
            if found[spec.title].bpm
            and any(math.isclose(found[spec.title].bpm * f, spec.bpm, rel_tol=0.02) for f in (0.5, 1, 2))
        ]
        assert len(right) >= 0.8 * len(tempi), f"wrong: {[s.title for s in tempi if s.title not in right]}"
        keys = [spec.title for spec in MUSIC if found[spec.title].key == spec.key]
        assert len(keys) >= 0.7 * len(MUSIC)

    @pytest.mark.parametrize("ask", ["words", "path", "number"])
    def test_next_takes_words_a_path_or_a_number(self, full, ask):
        track = next(t for t in full.tracks() if t.title == MUSIC[0].title)
        answer = full.client.next({"words": track.title.lower(), "path": track.path, "number": f"#{track.id}"}[ask])
        assert answer.seed.id == track.id
        assert len(answer.suggestions) == 10
        assert track.id not in {suggestion.id for suggestion in answer.suggestions}

    def test_suggestions_are_sorted_and_explained(self, full):
        """The first mixes if any does; behind the first ten, a third track of one artist may come late for its score."""
        answer = full.client.next(MUSIC[0].title, limit=20)
        scores = [suggestion.score for suggestion in answer.suggestions]
        assert scores[1:10] == sorted(scores[1:10], reverse=True)
        assert answer.suggestions[0].mix.mixes == any(suggestion.mix.mixes for suggestion in answer.suggestions)
        works = {stem(spec.title) for spec in MUSIC}
        assert len(works) < len(MUSIC), "some are versions of others"
        assert len(answer.suggestions) == len(works) - 1
        for suggestion in answer.suggestions:
            assert suggestion.why
            assert -1 <= suggestion.similarity <= 1
            if suggestion.camelot and answer.seed.camelot:
                assert suggestion.camelot in suggestion.why

    def test_the_same_question_has_the_same_answer(self, full):
        assert full.client.next(MUSIC[3].title) == full.client.next(MUSIC[3].title)

    def test_lanes_keep_what_they_promise_and_say_why(self, full):
        seed = MUSIC[0].title
        answer = full.client.next(seed, limit=4, lanes=True)
        assert [lane.lane for lane in answer.lanes] == ["stay", "lift", "turn"]
        assert [lane.lane for lane in full.client.next(seed, lane="ease", lanes=True).lanes] == ["stay", "ease", "turn"]
        for lane in (*answer.lanes, full.client.next(seed, lane="ease", lanes=True).lanes[1]):
            assert lane.suggestions, "never empty"
            for one in lane.suggestions:
                assert one.lane == lane.lane
                assert one.mix.seed_energy == answer.seed.energy
                if lane.lane in {"lift", "ease"} and "the energy asked for" not in lane.relaxed:
                    assert (one.energy > answer.seed.energy) == (lane.lane == "lift")
                point = one.mix.mix_in
                assert ("mix in at" in one.why) == (point is not None and point.bars > 0)

    def test_several_seeds_crates_playlists_and_filters(self, full):
        tracks = {track.title: f"#{track.id}" for track in full.tracks()}
        first, second, third, *_ = tracks.values()
        plain = full.client.next(first, limit=3)
        several = full.client.next(first, limit=3, also=[second], more=[third], less=["undertow"])
        assert several.seed.id == plain.seed.id
        assert several.suggestions != plain.suggestions
        full.client.set_crate("warm", [second, third])
        ids = {int(second[1:]), int(third[1:])}
        only = full.client.next(first, filters={"crates": ["warm"]}).suggestions
        assert {one.id for one in only} <= ids
        like = full.client.next(crate="warm", limit=3)
        assert like.seed.title == "crate warm"
        assert like.suggestions
        assert not ids & {one.id for one in like.suggestions}
        playlist = full.home / "two.m3u8"
        playlist.write_text("\n".join(str(full.client.track(ref).path) for ref in (second, third)), "utf-8")
        assert full.client.next(playlist=str(playlist), limit=3).suggestions == like.suggestions
        relaxed = full.client.next(first, filters={"year_from": 1901, "year_to": 1902})
        assert relaxed.suggestions
        assert relaxed.relaxed[0] == "year 1901 to 1902"
        with pytest.raises(InvalidParamsError, match="no preset"):
            full.client.next(first, preset="no such")
        with pytest.raises(CrateNotFoundError, match="no such"):
            full.client.next(first, crate="no such")

    def test_what_is_wished_for_is_looked_at_at_once(self, full):
        every = full.client.wish(clear=True).tracks
        assert every == len(full.tracks())
        holds = full.client.wish(lane="lift", filters={"year_from": 1901, "year_to": 1902})
        assert (holds.lane, holds.filters.year_to, holds.tracks) == ("lift", 1902, 0)
        with pytest.raises(CrateNotFoundError):
            full.client.wish(lane="turn", filters={"crates": ["nowhere"]})
        kept = full.client.wishes()
        assert (kept.lane, kept.filters) == (holds.lane, holds.filters), "what was refused changed nothing"
        full.client.set_crate("box", [f"#{full.tracks()[0].id}"])
        assert full.client.wish(filters={"crates": ["box"]}).tracks == 1
        full.client.remove_crate("box")
        holds = full.client.wish(lane="ease")
        assert (holds.lane, holds.tracks) == ("ease", None), "a button is not refused for a crate that is gone"
        full.client.wish(clear=True)

    def test_what_was_played_tonight_does_not_come_again_this_night(self, full):
        seed, *others = full.client.next("night bus", limit=4).suggestions
        full.client.mark_played(f"#{seed.id}")
        wait_until(lambda: seed.id not in {one.id for one in full.client.next("night bus", limit=20).suggestions})
        assert seed.id in {one.id for one in full.client.next("night bus", limit=20, tonight=False).suggestions}
        assert full.client.next().seed.id == seed.id, "without a track: after what was played last"
        full.client.undo_played()
        wait_until(lambda: seed.id in {one.id for one in full.client.next("night bus", limit=20).suggestions})
        full.client.rate(f"#{others[1].id}", liked=False)
        wait_until(
            lambda: (
                {one.id: one for one in full.client.next("night bus", limit=20).suggestions}[others[1].id].parts.get(
                    "liked", 0
                )
                < 0
            )
        )
        full.client.rate(f"#{others[1].id}", liked=None)

    def test_what_a_deck_plays_is_matched_as_it_is_heard(self, full):
        seed = next(t for t in full.tracks() if t.bpm and t.key and t.title in {spec.title for spec in MUSIC})
        resting = full.client.next(f"#{seed.id}")
        assert resting.seed.rate == 1.0
        try:
            full.client.update_deck(DeckParams(deck="1", path=seed.path, playing=True, rate=1.06, keylock=False))
            played = full.client.next(f"#{seed.id}")
            other = next(t for t in full.tracks() if t.id != seed.id)
            assert full.client.next(f"#{other.id}").seed.rate == 1.0
        finally:
            full.client.update_deck(DeckParams(deck="1"))
        assert played.seed.rate == 1.06
        assert played.seed.bpm == resting.seed.bpm
        assert f"played at +6.0 %: {1.06 * seed.bpm:.1f} BPM" in played.seed.notes
        assert any("(as played)" in suggestion.why for suggestion in played.suggestions)
        assert full.client.next(f"#{seed.id}") == resting

    def test_similar_takes_a_file_that_is_in_no_library(self, full, tmp_path):
        spec = MUSIC[0]
        bounce = write_track(tmp_path, type(spec)(**{**_fields(spec), "title": "bounce v7", "seed": 99}), "wav")
        answer = full.client.similar(bounce)
        assert answer.seed.id is None
        assert answer.seed.title == "bounce v7"
        assert len(answer.suggestions) == 10
        assert len(full.tracks()) == len(MUSIC), "it must not be added"

    def test_similar_knows_a_copy_of_a_track_by_its_audio(self, full, music, tmp_path):
        original = next(path for path in music.iterdir() if path.suffix == ".flac")
        copy = shutil.copy(original, tmp_path / "copy under another name.flac")
        answer = full.client.similar(copy)
        assert answer.seed.id is not None
        assert answer.seed.id not in {suggestion.id for suggestion in answer.suggestions}

    def test_analyse_gives_a_unit_vector_only_when_asked(self, full, music):
        path = next(music.iterdir())
        assert full.client.analyse(path).vector is None
        vector = full.client.analyse(path, vector=True).vector
        assert sum(x * x for x in vector) == pytest.approx(1.0, abs=1e-4)

    def test_bad_questions_get_their_own_errors(self, full, tmp_path):
        text = tmp_path / "notes.mp3"
        text.write_text("this is no music")
        with pytest.raises(TrackNotFoundError):
            full.client.next("zzz qqq no such title")
        with pytest.raises(FileMissingError):
            full.client.similar("/no/such/file.wav")
        with pytest.raises(NotAudioError):
            full.client.similar(text)
        with pytest.raises(NotAudioError):
            full.client.similar(tmp_path)
        with pytest.raises(FolderNotFoundError):
            full.client.add_folder("/no/such/folder")
        with pytest.raises(FolderNotFoundError):
            full.client.remove_folder(tmp_path)

    def test_status_tells_what_runs(self, full):
        status = full.status()
        assert status.pid == full.daemon.process.pid
        assert status.provider == "CPUExecutionProvider"
        assert status.workers == 1
        assert [folder.path for folder in status.folders] == [str(full.music)]
        assert status.folders[0].watch in ("events", "polling")
        assert status.index.vectors == len(MUSIC)
        assert status.models["id"]
        assert not status.problems

    def test_many_clients_at_once_all_get_their_answers(self, full):
        answers: list[int] = []

        def ask() -> None:
            with Client(full.home) as client:
                answers.extend(len(client.next(spec.title).suggestions) for spec in MUSIC)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert answers == [10] * (8 * len(MUSIC))

    def test_history_remembers_what_was_played(self, full):
        full.client.mark_played(MUSIC[5].title)
        assert full.client.history().plays[0].title == MUSIC[5].title


def _fields(spec):
    return {name: getattr(spec, name) for name in spec.__slots__}


class TestFilesComeAndGo:
    """One daemon, one story: each step leaves the library as the next one expects it."""

    @pytest.fixture
    def loop(self, home, tmp_path):
        with Loop(home, tmp_path / "music") as loop:
            yield loop

    def test_an_empty_library_says_so(self, loop, music):
        with pytest.raises(LibraryEmptyError):
            loop.client.similar(next(music.iterdir()))

    def test_the_story_of_a_folder(self, loop, music, tmp_path):
        originals = sorted(music.iterdir())[:4]
        first, second, third, _ = loop.bring(originals)
        loop.settle(indexed=4)
        by_path = {track.path: track for track in loop.tracks()}
        analysed = self._analysed(loop)

        moved = loop.music / "crate" / f"renamed{first.suffix}"
        moved.parent.mkdir()
        first.rename(moved)
        wait_until(lambda: str(moved) in {t.path for t in loop.tracks()}, what="the renamed file")
        assert {t.id for t in loop.tracks()} == {t.id for t in by_path.values()}

        shutil.copy(second, loop.music / f"copy of {second.name}")
        wait_until(lambda: any(len(t.files) == 2 for t in loop.tracks()), what="the copy")
        loop.settle(indexed=4)

        self._retag(third, "A New Title")
        wait_until(lambda: "A New Title" in loop.titles(), what="the new title")
        loop.settle(indexed=4)
        assert self._analysed(loop) == analysed, "moves, copies and retags must not be analysed again"

        third.unlink()
        loop.settle(indexed=3)
        assert loop.status().tracks.missing == 1
        assert "A New Title" not in {s.title for s in loop.client.next(by_path[str(second)].title).suggestions}

        newcomer = sorted(music.iterdir())[6]
        replaced = loop.music / second.name
        shutil.copy(newcomer, replaced)
        loop.settle(indexed=4)
        assert str(replaced) in {t.path for t in loop.tracks() if t.id not in {k.id for k in by_path.values()}}

        (loop.music / "broken.mp3").write_bytes(b"ID3" + bytes(5000))
        (loop.music / "list.txt").write_text("no music")
        loop.settle(indexed=4, failed=1)
        assert loop.client.failures().failures[0].path.endswith("broken.mp3")

        partial = loop.music / "download.flac.part"
        shutil.copy(sorted(music.iterdir())[7], partial)
        download = loop.music / f"download{sorted(music.iterdir())[7].suffix}"
        partial.rename(download)
        loop.settle(indexed=5, failed=1)

        loop.client.remove_folder(loop.music)
        loop.settle(indexed=0)

    @staticmethod
    def _analysed(loop):
        """When each track's analysis was stored does not change unless it is analysed again."""
        return {track.id: track.tags for track in loop.tracks()}

    @staticmethod
    def _retag(path, title):
        file = mutagen.File(path, easy=True)
        file["title"] = title
        file.save()

    def test_a_silent_file_fails_with_its_own_code(self, loop, tmp_path):
        with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(44_100)
            file.writeframes(bytes(2 * 44_100 * 5))
        with pytest.raises(SilentAudioError):
            loop.client.analyse(tmp_path / "silence.wav")

    def test_a_file_whose_folder_was_removed_is_as_good_as_any_other(self, loop, music):
        paths = loop.bring(sorted(music.iterdir())[:3])
        loop.settle(indexed=3)
        shutil.copy(paths[0], loop.home / paths[0].name)
        loop.client.remove_folder(loop.music)
        with pytest.raises(LibraryEmptyError):
            loop.client.similar(paths[0])
        paths[0].unlink()
        loop.client.add_folder(loop.music)
        loop.settle(indexed=2)
        assert len(loop.client.similar(loop.home / paths[0].name).suggestions) == 2

    def test_events_tell_of_each_new_track(self, loop, music):
        with loop.client.events(["track.indexed"], timeout=60) as events:
            (path,) = loop.bring([next(music.iterdir())])
            # A gap stands for what was published in the very moment of subscribing.
            name, event = next(event for event in events if event[0] != "gap")
        assert name == "track.indexed"
        assert event.data["path"] == str(path)

    def test_gig_mode_holds_back_all_but_what_is_on_a_deck(self, loop, music):
        one, two, three = sorted(music.iterdir())[:3]
        loop.bring([one])
        loop.settle(indexed=1)
        loop.client.update_deck(DeckParams(deck="1", path=str(loop.music / one.name), playing=True))
        assert loop.status().gig_mode
        on_deck, waiting = loop.bring([two, three])
        wait_until(lambda: loop.status().tracks.queued == 2, what="the two new files in the queue")
        loop.client.update_deck(DeckParams(deck="2", path=str(on_deck)))
        wait_until(lambda: str(on_deck) in {t.path for t in loop.tracks()}, what="the file on the deck")
        assert str(waiting) not in {t.path for t in loop.tracks()}
        loop.client.update_deck(DeckParams(deck="1", path=str(loop.music / one.name), playing=False))
        loop.settle(indexed=3)

    def test_pause_and_resume(self, loop, music):
        loop.client.pause()
        loop.bring(sorted(music.iterdir())[:1])
        wait_until(lambda: loop.status().tracks.queued == 1, what="the queued file")
        assert loop.status().paused
        loop.client.resume()
        loop.settle(indexed=1)
