"""Published files: found, downloaded over a bad line, and never used unless they are the published ones."""

from __future__ import annotations

import random
import socket

import pytest

from reference_support import send, server
from segue.errors import FileMissingError, ModelMismatchError
from segue_export.reference import fetch
from segue_export.reference.fetch import DownloadError, download, from_folder, git_id, urls
from segue_export.reference.published import COMMIT, CRNN, SHORT_RES, Checkpoint

CONTENT = random.Random(4).randbytes(900_000)


@pytest.fixture
def checkpoint(tmp_path) -> Checkpoint:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return CRNN._replace(git_id=git_id(path))


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch):
    monkeypatch.setattr(fetch, "_PAUSE_SECONDS", 0.01)


def quiet(_: str) -> None:
    """Progress that nobody looks at."""


@pytest.mark.parametrize(
    ("content", "known"),
    [(b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")],
)
def test_ids_are_those_of_git(tmp_path, content, known):
    (tmp_path / "file").write_bytes(content)
    assert git_id(tmp_path / "file") == known


def test_the_published_ids_and_places():
    assert (CRNN.git_id, SHORT_RES.git_id) == (
        "5e4334531c3e630521d329c68a39ab374d61418c",
        "2566ed85f37150ac6f3dba4f5a39985b5acbf156",
    )
    assert urls(SHORT_RES)[0] == (
        f"https://raw.githubusercontent.com/7x11x13/sota-music-tagging-models/{COMMIT}/models/msd/short_res/best_model.pth"
    )
    assert "minzwon" in urls(SHORT_RES)[1]


@pytest.mark.parametrize("place", [CRNN.path, "crnn/best_model.pth", "crnn.pth", "msd_crnn.pth"])
def test_a_local_copy_is_found_in_either_layout(tmp_path, checkpoint, place):
    target = tmp_path / "copy" / place
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    assert from_folder(tmp_path / "copy", checkpoint) == target


def test_a_folder_without_it_says_what_was_looked_for(tmp_path, checkpoint):
    with pytest.raises(FileMissingError, match=r"models/msd/crnn/best_model\.pth"):
        from_folder(tmp_path, checkpoint)


def test_another_file_of_this_name_is_refused(tmp_path):
    (tmp_path / "crnn.pth").write_bytes(CONTENT)
    with pytest.raises(ModelMismatchError, match="not the published"):
        from_folder(tmp_path, CRNN)


def test_a_download_is_verified_and_kept(tmp_path, checkpoint):
    with server(lambda request, _: send(request, CONTENT)) as (url, asked):
        path = download(checkpoint, tmp_path / "cache", quiet, url)
        assert path.read_bytes() == CONTENT
        assert download(checkpoint, tmp_path / "cache", quiet, url) == path
    assert asked == [(f"/7x11x13/sota-music-tagging-models/{COMMIT}/{CRNN.path}", None)]


def test_a_broken_connection_goes_on_where_it_stopped(tmp_path, checkpoint):
    with server(lambda request, _: send(request, CONTENT, stop=300_000)) as (url, asked):
        assert download(checkpoint, tmp_path, quiet, url).read_bytes() == CONTENT
    assert [wanted for _, wanted in asked] == [None, "bytes=300000-", "bytes=600000-"]


def test_an_interrupted_download_goes_on_next_time(tmp_path, checkpoint):
    def stop(text: str) -> None:
        if text.startswith("the connection broke"):
            raise KeyboardInterrupt

    with server(lambda request, number: send(request, CONTENT, stop=0 if number > 1 else 400_000)) as (url, asked):
        with pytest.raises(KeyboardInterrupt):
            download(checkpoint, tmp_path, stop, url)
        assert download(checkpoint, tmp_path, quiet, url).read_bytes() == CONTENT
    assert [wanted for _, wanted in asked] == [None, "bytes=400000-"]


def test_a_server_that_cannot_go_on_begins_again(tmp_path, checkpoint):
    def answer(request, number: int) -> None:
        send(request, CONTENT, ranges=False, stop=500_000 if number == 1 else 0)

    with server(answer) as (url, _):
        assert download(checkpoint, tmp_path, quiet, url).read_bytes() == CONTENT


def test_wrong_content_is_thrown_away_and_the_next_place_asked(tmp_path, checkpoint):
    def answer(request, number: int) -> None:
        send(request, CONTENT[::-1] if number == 1 else CONTENT)

    with server(answer) as (url, asked):
        assert download(checkpoint, tmp_path, quiet, url).read_bytes() == CONTENT
    assert [wanted for _, wanted in asked] == [None, None]
    assert "minzwon" in asked[1][0]


def test_wrong_content_everywhere_leaves_nothing(tmp_path, checkpoint):
    with (
        server(lambda request, _: send(request, b"<html>not here</html>")) as (url, _),
        pytest.raises(ModelMismatchError, match=checkpoint.git_id),
    ):
        download(checkpoint, tmp_path / "cache", quiet, url)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_that_is_nowhere(tmp_path, checkpoint):
    with (
        server(lambda request, _: request.send_error(404)) as (url, asked),
        pytest.raises(DownloadError, match=r"404.*--from"),
    ):
        download(checkpoint, tmp_path, quiet, url)
    assert len(asked) == 3


def test_without_a_network_it_is_one_sentence(tmp_path, checkpoint):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(DownloadError, match=r"cannot be reached.*--from"):
            download(checkpoint, tmp_path, quiet, url)


def test_something_far_too_large_is_given_up(tmp_path, checkpoint, monkeypatch):
    monkeypatch.setattr(fetch, "MOST_BYTES", 100_000)
    with (
        server(lambda request, _: send(request, CONTENT)) as (url, _),
        pytest.raises(DownloadError, match="another file"),
    ):
        download(checkpoint, tmp_path, quiet, url)
    assert sum(path.stat().st_size for path in tmp_path.glob("*.part")) == 0
