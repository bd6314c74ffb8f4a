from __future__ import annotations

import time

import pytest

from segue.library.versions import stem, version, work_key

TITLES = {
    "strobe": (
        "Strobe", "STROBE", "Strobe (Original Mix)", "Strobe - Radio Edit", "Strobe [Extended Mix]", "Strobe (Club Edit)",
        "Strobe (Dimension Remix)", "Strobe - Dimension Remix", "Strobe (Michael Woods Remix) [Extended]", "Strobe Extended Mix",
        "Strobe Original Mix", "Strobe (2016 Remaster)", "Strobe - Remastered 2016", "Strobe (Remastered)", "Strobe Instrumental",
        "Strobe (Live)", "Strobe (Live at Earl's Court)", "Strobe - Live", "Strobe (Bootleg)", "Strobe VIP", "Strobe (VIP Mix)",
        "Strobe (feat. Somebody)", "Strobe feat. Somebody", "Strobe ft. Somebody (Radio Edit)", "Strobe (Acapella)",
        "Strobe (A Cappella)", 'Strobe (12" Mix)', "Strobe (7'' Version)", "Strobe (12 Inch)", "Strobe [Free DL]",
        "Strobe (Free Download)", "Strobe [FREE DOWNLOAD]", "strobe_v7", "strobe v7", "strobe v07", "strobe-v7", "strobe v2.1",
        "strobe master 3", "strobe_master3", "strobe final", "strobe final2", "strobe final final", "strobe_final_v2",
        "strobe bounce 3", "Strobe (Bounce 3)", "strobe mixdown", "strobe premaster", "strobe 2024-03-12", "strobe 20240312",
        "strobe_2024-03-12_1430", "strobe 12.03.2024", "strobe (1)", "strobe - copy", "strobe 128bpm", "Strobe (128 BPM)",
        "Strobe (8A)", "Strobe (Clean)", "Strobe (Dirty)", "Strobe (Intro - Clean)", "Strobe [Explicit]", "Strobe (Dub)",
        "Strobe (X's Dub Mix)", "Strobe (Edit)", "Strobe (Some DJ Edit)", "Strobe (Some DJ Re-Edit)", "Strobe (Rework)",
        "Strobe (Mashup)", "Strobe (Album Version)", "Strobe - Single Version", "Strobe (Mono)", "Strobe (Demo)",
        "Strobe (Official Video)", "Strobe (Official Audio)", "Strobe (2011)", "Strobe (prod. Somebody)", "Strobe (with Somebody)",
        "Strobe (Original)", "Strobe (Extended)", "Strobe (Somebody Flip)", "Strobe (Instrumental Mix)", "Strobe (Radio Mix)",
        "Strobe \u2013 Extended Mix", "Strobe (Remix 2012)", "Strobe rmx", "Strobe (Take 2)", "strobe demo 3", "strobe ver 2",
        "Strobe (Director's Cut)", "Strobe (Deluxe Edition)", "Strobe (Unreleased)", "Strobe (Premiere)", "Strobe (Vocal Mix) (Remastered)",
    ),
    "dont stop": ("Don't Stop", "Don\u2019t Stop (Extended Mix)", "Dont Stop", "DON'T STOP! - Radio Edit"),
    "cafe del mar": ("Café del Mar", "Cafe Del Mar (Three 'N One Remix)", "Cafe del Mar - Deep Dish Remix"),
    "salt and pepper": ("Salt & Pepper", "Salt and Pepper (Club Mix)"),
}  # fmt: skip

WORKS_OF_THEIR_OWN = {
    "Remix": "remix",
    "Live": "live",
    "Extended": "extended",
    "Radio Edit": "radio edit",
    "Original Mix": "original mix",
    "Final": "final",
    "Master": "master",
    "v7": "v7",
    "Live and Let Die": "live and let die",
    "Live Your Life": "live your life",
    "Born to Live": "born to live",
    "Where I Live": "where i live",
    "Long Live": "long live",
    "2 Bad": "2 bad",
    "Song Part 2": "song part 2",
    "Song (Part 2)": "song part 2",
    "Song, Pt. 2": "song part 2",
    "Song (Pt. II)": "song part ii",
    "Song Vol. 2": "song vol 2",
    "Song 2": "song 2",
    "1999": "1999",
    "99 Problems": "99 problems",
    "Dub Be Good to Me": "dub be good to me",
    "King of Dub": "king of dub",
    "In the Mix": "in the mix",
    "The Edit": "the edit",
    "The Final Countdown": "the final countdown",
    "The Remix": "the remix",
    "Remix to Ignition": "remix to ignition",
    "(I Can't Get No) Satisfaction": "i cant get no satisfaction",
    "Satisfaction (I Can't Get No)": "satisfaction i cant get no",
    "Puppet Master": "puppet master",
    "Make It Bounce": "make it bounce",
    "Carbon Copy": "carbon copy",
    "6 ft Under": "6 ft under",
    "Original Sin": "original sin",
    "Club Tropicana": "club tropicana",
    "Radio": "radio",
    "Radio Ga Ga": "radio ga ga",
    "Video Killed the Radio Star": "video killed the radio star",
    "Vocal": "vocal",
    "Henry V": "henry v",
    "Papercut": "papercut",
    "Alright (Interlude)": "alright interlude",
    "Song (Reprise)": "song reprise",
    "Featherstone": "featherstone",
    "With or Without You": "with or without you",
    "Free": "free",
    "Free Your Mind": "free your mind",
    "Freeze": "freeze",
    "Take Five": "take five",
    "Clean": "clean",
    "One - Two": "one two",
    "A - B": "a b",
    "Jack's Mixtape": "jacks mixtape",
    "Edited": "edited",
    "???": "???",
    "Ænima": "ænima",
    "Überall": "uberall",
    "夜に駆ける": "夜に駆ける",
}


@pytest.mark.parametrize("bare", TITLES)
def test_versions_have_one_stem(bare: str) -> None:
    assert {title: stem(title) for title in TITLES[bare]} == dict.fromkeys(TITLES[bare], bare)


@pytest.mark.parametrize("title", WORKS_OF_THEIR_OWN)
def test_what_only_looks_like_a_version_is_kept(title: str) -> None:
    assert stem(title) == WORKS_OF_THEIR_OWN[title]


@pytest.mark.parametrize(
    ("title", "taken"),
    [
        ("Song", ""),
        ("Song (feat. X) [Extended Mix]", "feat. X, Extended Mix"),
        ("Song - 2011 Remaster", "2011 Remaster"),
        ("song_v7", "v7"),
        ("Song feat. X (Y Remix)", "feat. X, Y Remix"),
        ("song master 3", "master 3"),
        ("Ignition (Remix)", "Remix"),
        ("Song (Part 2) (Dub)", "Dub"),
        ("Live and Let Die (Live)", "Live"),
        ("Remix (Extended Mix)", "Extended Mix"),
    ],
)
def test_what_was_taken_away_is_told(title: str, taken: str) -> None:
    assert version(title) == taken


def test_a_work_is_stem_and_artist() -> None:
    assert work_key("Song", "A") == work_key("Song (Dub)", "a feat. B") == work_key("A - Song - Radio Edit", "A") != 0
    assert work_key("Song", "A") != work_key("Song", "B")
    assert work_key("Song", "A") != work_key("Song Part 2", "A")
    assert work_key("song v1", None) == work_key("song v2 final", None) != 0
    assert work_key("Song", "A & B") == work_key("Song", "B, A") == work_key("Song", "b vs. a feat. C")
    assert work_key("Song", "The A") == work_key("Song", "A") != work_key("Song", "A & B")
    assert work_key("Song", "A") < 1 << 64


@pytest.mark.parametrize(
    "title", ["", "Track 01", "Untitled", "Untitled 3", "Intro", "ID", "bounce 3", "Unknown track", "Audio 12"]
)
def test_titles_that_any_work_may_have_name_none(title: str) -> None:
    assert work_key(title, "A") == 0


def test_hostile_titles_take_no_time() -> None:
    begun = time.perf_counter()
    for text in (
        "(" * 1000,
        "()" * 500,
        " - " * 333,
        "v1 " * 333,
        "mix " * 250,
        "feat " * 200,
        "\udcff" * 100,
        "a_" * 500,
        "1-" * 500,
        " " * 20_000 + "y",
        "a" + " " * 20_000 + "y",
        "a" + "([ " * 7000,
    ):
        assert isinstance(stem(text), str)
        work_key(text, text)
    assert time.perf_counter() - begun < 1.0
