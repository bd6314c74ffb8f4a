"""The published files: from a folder or over HTTP, and never used before their git object ids are right."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from segue.errors import FileMissingError, ModelError, ModelMismatchError
from segue_export.reference.published import HOST, REPOSITORIES, Checkpoint

Say = Callable[[str], None]
"""Takes a sentence about the progress."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""No published file is as large: what is longer is something else, and does not fill the disk."""
_BLOCK: Final = 256 * 1024
_TRIES: Final = 4
_TIMEOUT_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 1.0
_BROKEN: Final = (OSError, http.client.HTTPException)
"""What urllib raises when a connection cannot be made or breaks; URLError and timeouts are OSErrors."""


class DownloadError(ModelError):
    """A published file could not be downloaded."""


def git_id(path: Path) -> str:
    """The id that git gives to a file's content: SHA-1 of ``blob <size>``, a zero byte and the content, in hex.

    The ids are compared for identity with what the authors published, which is what git itself relies on.
    """
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def from_folder(folder: Path, checkpoint: Checkpoint) -> Path:
    """Find a published file in a copy of the repository, or beside the other in one folder, and verify it.

    Raises FileMissingError when it is not there, ModelMismatchError when it is not the published one.
    """
    places = [folder / checkpoint.path, folder / Path(checkpoint.path).parent.name / "best_model.pth"]
    places += [folder / name for name in (f"{checkpoint.name}.pth", f"msd_{checkpoint.name}.pth")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        names = ", ".join(str(place.relative_to(folder)) for place in places)
        raise FileMissingError(f"{folder} has no weights of {checkpoint.name}: looked for {names}.")
    verify(found, checkpoint)
    return found


def verify(path: Path, checkpoint: Checkpoint) -> None:
    """Raise ModelMismatchError unless a file is the published one."""
    found = git_id(path)
    if found != checkpoint.git_id:
        raise ModelMismatchError(
            f"{path} is not the published {checkpoint.path}: its git object id is {found} and should be "
            f"{checkpoint.git_id}. Nothing of it was used."
        )


def download(checkpoint: Checkpoint, cache: Path, say: Say, base_url: str | None = None) -> Path:
    """Download a published file into a folder and verify it; one that is there already is only verified.

    What an interrupted download has brought is kept, and the next one goes on from there.

    Raises:
        DownloadError: no network, or the file is nowhere; says what was met at each place.
        ModelMismatchError: what came is not the published file.
        OSError: the disk is full, or cannot be written.

    """
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = cache / f"{checkpoint.name}-{checkpoint.git_id}.pth"
    if whole.is_file() and git_id(whole) == checkpoint.git_id:
        return whole
    troubles: list[ModelError] = []
    for url in urls(checkpoint, base_url):
        part = whole.with_suffix(".part")
        try:
            _persist(url, part, say)
            verify(part, checkpoint)
        except DownloadError as error:
            troubles.append(error)
        except ModelMismatchError as error:
            part.unlink()  # to go on from it would never come to anything
            troubles.append(error)
        else:
            part.replace(whole)
            return whole
    raise _summed_up(troubles)


def urls(checkpoint: Checkpoint, base_url: str | None = None) -> list[str]:
    """Where a file is looked for, in order."""
    return [f"{base_url or HOST}/{repository}/{checkpoint.path}" for repository in REPOSITORIES]


def _summed_up(troubles: Sequence[ModelError]) -> ModelError:
    wrong = [error for error in troubles if isinstance(error, ModelMismatchError)]
    if wrong:
        return wrong[0]
    said = " ".join(dict.fromkeys(str(error) for error in troubles))
    return DownloadError(
        f"{said} Try again later, or download the files by other means and name their folder with --from."
    )


def _persist(url: str, part: Path, say: Say) -> None:
    """Download, and go on where a broken connection stopped, as long as each try brings something."""
    tries = 0
    while True:
        before = _size(part)
        try:
            _receive(url, part, say)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                    return  # it is whole already: verified by the caller
                raise DownloadError(f"{url} answers “{error.code} {error.reason}”.") from error
        except _Interrupted as error:
            tries = 0 if _size(part) > before else tries + 1
            if tries >= _TRIES or (not _size(part) and isinstance(error.cause, urllib.error.URLError)):
                raise DownloadError(f"{url} cannot be reached ({error}).") from error
            say(f"the connection broke ({error}): going on from {_size(part) / 1e6:.1f} MB")
            time.sleep(_PAUSE_SECONDS)
        else:
            return


class _Interrupted(Exception):  # noqa: N818 - it is no error yet
    """The connection broke."""

    def __init__(self, cause: BaseException | str) -> None:
        self.cause = cause
        reason = cause.reason if isinstance(cause, urllib.error.URLError) else cause
        super().__init__(str(reason) or type(reason).__name__)


def _receive(url: str, part: Path, say: Say) -> None:
    """Append to what is there already. Raises _Interrupted, HTTPError, or OSError of the disk."""
    start = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - http(s), and verified
    except urllib.error.HTTPError:
        raise
    except _BROKEN as error:
        raise _Interrupted(error) from error
    with answer:
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        length = answer.headers.get("Content-Length")
        due = (start if goes_on else 0) + int(length) if length and length.isdecimal() else None
        say(f"downloading {url}" + (f" ({due / 1e6:.1f} MB)" if due else ""))
        with part.open("ab" if goes_on else "wb") as file:
            while block := _read(answer):
                file.write(block)
                if file.tell() > MOST_BYTES:
                    file.truncate(0)
                    raise DownloadError(f"{url} sends more than {MOST_BYTES / 1e6:.0f} MB: that is another file.")
            file.flush()
            os.fsync(file.fileno())
    if due is not None and _size(part) < due:
        raise _Interrupted("it ended early")


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(_BLOCK)
    except _BROKEN as error:
        raise _Interrupted(error) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
