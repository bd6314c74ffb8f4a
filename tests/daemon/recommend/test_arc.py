from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import InvalidParamsError
from segue.recommend import arc
from segue.recommend.arc import Arc


def test_a_named_arc_rises_and_falls() -> None:
    made = arc.parse("warmup-peak-down")
    energies = [made.at(share / 10) for share in range(11)]
    top = energies.index(max(energies))
    assert 3 <= top <= 7
    assert energies[: top + 1] == sorted(energies[: top + 1])
    assert energies[top:] == sorted(energies[top:], reverse=True)
    assert (energies[0], energies[-1]) == (3.0, 4.0)


@pytest.mark.parametrize("wish", [[3, 5, 8, 9, 6], "3,5,8,9,6", " 3, 5,8,9 ,6"])
def test_an_arc_in_numbers_glides_between_them(wish: str | list[float]) -> None:
    made = arc.parse(wish)
    assert [made.at(share) for share in (0.0, 0.25, 0.5, 0.625, 1.0)] == [3.0, 5.0, 8.0, 8.5, 6.0]


def test_one_energy_is_an_arc() -> None:
    assert {arc.parse([7]).at(share) for share in (0.0, 0.3, 1.0)} == {7.0}


@pytest.mark.parametrize(
    "wish",
    ["", "-", "warmup-", "warmup peak", "disco", "11", "0,5", "3,,5", "5;6", "nan", [], [0.5], [5, 11], [float("nan")]],
)
def test_what_is_no_arc_is_refused_in_words(wish: str | list[float]) -> None:
    with pytest.raises(InvalidParamsError, match="arc"):
        arc.parse(wish)


@pytest.mark.parametrize("name", arc.NAMES)
def test_every_part_of_an_evening_is_an_arc(name: str) -> None:
    assert all(1.0 <= point <= 10.0 for point in arc.parse(name).points)


@given(st.lists(st.floats(1, 10), min_size=1, max_size=8), st.floats(1, 10), st.floats(1, 10))
def test_an_arc_is_fitted_into_what_the_music_has(points: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    made = Arc(tuple(points))
    fitted = made.within(low, high)
    if all(low <= point <= high for point in points):
        assert fitted == made
    assert all(low - 0.01 <= point <= high + 0.01 for point in fitted.points)
    order = sorted(range(len(points)), key=points.__getitem__)
    inside = [fitted.points[at] for at in order]
    assert inside == sorted(inside), "what rose still rises"
