import numpy as np
import pytest

from segue.analysis.windows import WindowCutter, tile


def cut(frames: int, size: int, block: int) -> list[list[int]]:
    mel = np.arange(frames, dtype=np.float32)[None]
    cutter = WindowCutter(1, size)
    windows = [window for start in range(0, frames, block) for window in cutter.add(mel[:, start : start + block])]
    windows.extend(cutter.rest())
    assert all(window.shape == (1, size) for window in windows)
    return [[int(window[0, 0]), int(window[0, -1])] for window in windows]


@pytest.mark.parametrize("block", [1, 3, 10, 37, 1000])
@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (10, [[0, 9]]),
        (20, [[0, 9], [10, 19]]),
        (25, [[0, 9], [10, 19], [15, 24]]),
        (29, [[0, 9], [10, 19], [19, 28]]),
        (31, [[0, 9], [10, 19], [20, 29], [21, 30]]),
    ],
)
def test_windows_follow_each_other_and_the_last_ends_with_the_track(
    frames: int, expected: list[list[int]], block: int
) -> None:
    assert cut(frames, 10, block) == expected


def test_a_sliver_at_the_end_is_left_out() -> None:
    assert cut(209, 100, 50) == [[0, 99], [100, 199]]
    assert cut(210, 100, 50) == [[0, 99], [100, 199], [110, 209]]


def test_a_short_track_is_repeated() -> None:
    cutter = WindowCutter(1, 10)
    assert not list(cutter.add(np.arange(4, dtype=np.float32)[None]))
    assert cutter.is_short
    (window,) = cutter.rest()
    assert window[0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]


def test_nothing_cannot_be_repeated() -> None:
    with pytest.raises(ValueError, match="without frames"):
        tile(np.zeros((1, 0), dtype=np.float32), 10)


def test_windows_that_were_given_out_do_not_change() -> None:
    cutter = WindowCutter(2, 4)
    first = next(iter(cutter.add(np.ones((2, 4), dtype=np.float32))))
    list(cutter.add(np.full((2, 9), 7.0, dtype=np.float32)))
    assert (first == 1).all()
