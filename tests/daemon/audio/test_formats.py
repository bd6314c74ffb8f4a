import pytest

from segue.audio.formats import AUDIO_SUFFIXES, is_audio_name


@pytest.mark.parametrize("name", ["a.mp3", "B.M4A", "folder/c.flac", "d.e.OgG", "e.opus", "f.wav", "g.aif", "h.AIFF"])
def test_audio_names(name: str) -> None:
    assert is_audio_name(name)


@pytest.mark.parametrize("name", ["a.mp3.part", "b.crdownload", "cover.jpg", "mp3", ".mp3", "list.m3u8", "._a.mp3", ""])
def test_other_names(name: str) -> None:
    assert not is_audio_name(name)


def test_suffixes_are_lower_case_with_the_dot() -> None:
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in AUDIO_SUFFIXES)
