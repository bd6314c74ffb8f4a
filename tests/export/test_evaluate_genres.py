"""Zero-shot genre: which tags count as right, and what is said when a vocabulary lacks them."""

from __future__ import annotations

import pytest

from segue_export.evaluation.genres import SAYS, genre_like, genre_of, saying, zero_shot

LAST_FM = ["rock", "pop", "jazz", "Hip-Hop", "dance", "funk", "soul", "classic rock", "happy", "80s"]


@pytest.mark.parametrize(
    ("name", "genre"),
    [
        ("Hip Hop", "hip-hop"),
        ("hiphop", "hip-hop"),
        ("RnB", "rnb"),
        ("R&B", "rnb"),
        ("drum & bass", "drum and bass"),
        ("swing", "jazz"),
        ("Heavy Metal", "metal"),
        ("my songs", None),
        ("", None),
    ],
)
def test_names_of_genres(name: str, genre: str | None) -> None:
    assert genre_of(name) == genre


def test_every_genre_knows_its_own_name() -> None:
    for genre, said in SAYS.items():
        assert genre_of(genre) == genre
        assert said.tags
        assert not {*said.tags} & {*said.stand_ins}


def test_only_tags_that_name_genres_compete() -> None:
    assert genre_like(LAST_FM) == ["rock", "pop", "jazz", "Hip-Hop", "dance", "funk", "soul", "classic rock"]


def test_tags_that_say_a_genre() -> None:
    assert saying("rock", LAST_FM) == (["rock", "classic rock"], False)
    assert saying("disco", LAST_FM) == (["dance", "funk"], True)
    assert saying("disco", [*LAST_FM, "disco"]) == (["disco"], False)
    assert saying("classical", LAST_FM) == ([], True)


def test_strongest_and_among_three() -> None:
    quiet = dict.fromkeys(LAST_FM, 0.0)
    tags = [
        {**quiet, "happy": 1.0, "jazz": 0.5},
        {**quiet, "rock": 0.9, "pop": 0.8, "jazz": 0.7},
        {**quiet, "rock": 0.9, "pop": 0.8, "soul": 0.75, "jazz": 0.7},
        {**quiet, "rock": 0.9},
        {**quiet, "rock": 0.9},
        {**quiet, "jazz": 1.0},
    ]
    jazz, reggae, rock = zero_shot(tags, ["jazz", "jazz", "jazz", "rock", "reggae", None])
    assert (jazz.first, jazz.among) == ([True, False, False], [True, True, False])
    assert jazz.commonest == "rock"
    assert jazz.roc_auc == 1.0
    assert (rock.first, rock.tags) == ([True], ["rock", "classic rock"])
    assert (reggae.tags, reggae.among, reggae.roc_auc) == ([], [False], None)


def test_a_vocabulary_without_genres_is_refused() -> None:
    with pytest.raises(ValueError, match="no tag that names a genre"):
        zero_shot([{"happy": 1.0}], ["rock"])
