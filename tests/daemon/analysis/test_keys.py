import pytest

from segue.keys import KEYS, camelot, camelot_name, camelot_number, distance, open_key, parse_key, short_name

SPELLINGS = {
    "A minor": [
        "Am",
        "am",
        "a",
        "A min",
        "A-minor",
        "a_minor",
        "Amin",
        "A min.",
        "A MINOR",
        "8A",
        "8a",
        "08A",
        "1m",
        "1M",
        "a-moll",
    ],
    "C major": ["C", "Cmaj", "C maj.", "CM", "C-dur", "8B", "8b", "1d", "1D"],
    "G# minor": [
        "Abm",
        "G#m",
        "A♭m",
        "G♯ minor",
        "A flat minor",
        "a-flat-minor",
        "1A",
        "01a",
        "6m",
        "as-moll",
        "gis-moll",
    ],
    "A# major": ["Bb", "A#", "B♭ major", "6B", "11d"],
    "A# minor": ["bb", "Bbm", "bbm", "3A", "8m"],
    "B minor": ["b", "Bm", "bm", "h-moll", "10A"],
    "B major": ["B", "Cb", "1B"],
    "D# minor": ["ebm", "E♭ min", "d sharp minor", "2A"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SPELLINGS.items() for text in texts])
def test_spellings(name: str, text: str) -> None:
    assert parse_key(text) == name
    assert parse_key(f"  {text} ") == name


@pytest.mark.parametrize("text", ["8A - Am", "Am/8A", "8A - 6", "Am | energetic", "8A (Am)", "x, Am", "Am 126"])
def test_the_first_key_among_other_things(text: str) -> None:
    assert parse_key(text) == "A minor"


@pytest.mark.parametrize("text", ["", " ", "o", "13A", "0A", "8C", "H#x", "Amazing", "128", "-", "8", "m"])
def test_what_is_no_key(text: str) -> None:
    assert parse_key(text) is None


def test_all_keys_there_and_back() -> None:
    assert len(set(KEYS)) == 24
    for number, name in enumerate(KEYS):
        assert camelot_number(camelot(name)) == number
        assert camelot_name(number) == camelot(name)
        assert parse_key(name) == parse_key(camelot(name)) == name


def test_neighbours_on_the_wheel() -> None:
    assert [KEYS[camelot_number(place)] for place in ("7A", "8A", "9A", "8B")] == [
        "D minor",
        "A minor",
        "E minor",
        "C major",
    ]
    assert camelot_number("8A") == 14


def test_wrong_arguments() -> None:
    for call, argument in [(camelot_number, "1m"), (camelot_name, 24), (camelot_name, -1), (camelot, "H minor")]:
        with pytest.raises(ValueError, match=r"Camelot|key"):
            call(argument)


def test_every_notation_leads_back() -> None:
    for key in KEYS:
        assert parse_key(open_key(key)) == parse_key(short_name(key)) == parse_key(camelot(key)) == key
    assert [open_key(key) for key in ("A minor", "C major", "G# minor")] == ["1m", "1d", "6m"]
    assert [short_name(key) for key in ("A minor", "C major", "F# minor")] == ["Am", "C", "F#m"]


def test_steps_on_the_wheel() -> None:
    steps = {"A minor": 0, "E minor": 1, "D minor": 1, "C major": 1, "G major": 2, "D# minor": 6, "F# major": 7}
    assert {key: distance("A minor", key) for key in steps} == steps
    assert distance("G# minor", "C# minor") == 1  # 1A and 12A
    with pytest.raises(ValueError, match="not the name"):
        distance("A minor", "8A")
