"""A folder in constant change under a daemon that is killed again and again: in the end the library says what is there."""

import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest

from loop import Loop
from segue.audio.identity import identify
from segue.errors import SegueError
from support import wait_until

STEPS = 70


class Chaos:
    """Does at random what people and programs do in a music folder; the same seed tries the same things."""

    def __init__(self, loop: Loop, music: Path, seed: int) -> None:
        self.loop = loop
        self.originals = sorted(music.iterdir())
        self.chance = random.Random(seed)
        self.folders = [loop.music, loop.music / "a", loop.music / "b" / "c"]

    def step(self) -> None:
        deeds: list[Callable[[], object]] = [
            self.add, self.add, self.add, self.download, self.rename, self.move, self.copy, self.delete, self.replace,
            self.retag, self.break_one, self.move_folder, self.kill,
        ]  # fmt: skip
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.chance.choice(deeds)()
        time.sleep(self.chance.choice([0.0, 0.02, 0.1, 0.3]))

    def files(self) -> list[Path]:
        return sorted(path for path in self.loop.music.rglob("*") if path.is_file())

    def some(self) -> Path:
        return self.chance.choice(self.files() or [self.add()])

    def new_name(self, suffix: str) -> Path:
        return self.chance.choice(self.folders) / f"{self.chance.randrange(10**6)}{suffix}"

    def add(self) -> Path:
        original = self.chance.choice(self.originals)
        return Path(shutil.copy(original, self.new_name(original.suffix)))

    def download(self) -> None:
        original = self.chance.choice(self.originals)
        target = self.new_name(original.suffix)
        partial = target.with_name(f"{target.name}.part")
        audio = original.read_bytes()
        partial.write_bytes(audio[: len(audio) // 2])
        time.sleep(0.2)
        partial.write_bytes(audio)
        partial.rename(target)

    def rename(self) -> None:
        path = self.some()
        path.rename(path.with_name(f"{self.chance.randrange(10**6)}{path.suffix}"))

    def move(self) -> None:
        path = self.some()
        path.rename(self.new_name(path.suffix))

    def copy(self) -> None:
        path = self.some()
        shutil.copy(path, self.new_name(path.suffix))

    def delete(self) -> None:
        self.some().unlink()

    def replace(self) -> None:
        path = self.some()
        shutil.copy(self.chance.choice([one for one in self.originals if one.suffix == path.suffix]), path)

    def retag(self) -> None:
        able = [path for path in self.files() if path.suffix in (".flac", ".ogg", ".m4a")]
        if able:
            file = mutagen.File(self.chance.choice(able), easy=True)
            file["album"] = str(self.chance.randrange(10**6))
            file.save()

    def break_one(self) -> None:
        (self.loop.music / f"broken{self.chance.randrange(9)}.mp3").write_bytes(self.chance.randbytes(3000))

    def move_folder(self) -> None:
        self.folders[1].rename(self.loop.music / f"folder{self.chance.randrange(10**6)}")

    def kill(self) -> None:
        if self.chance.random() < 0.4:
            self.loop.daemon.kill()
            self.loop.restart()


def what_is_there(files: list[Path]) -> tuple[list[list[str]], int]:
    """Files by their audio, and how many have none."""
    copies: defaultdict[str, list[str]] = defaultdict(list)
    broken = 0
    for path in files:
        try:
            copies[identify(path).identity].append(str(path))
        except SegueError:
            broken += 1
    return sorted(sorted(paths) for paths in copies.values()), broken


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_library_ends_up_with_what_is_there(home, tmp_path, music, seed):
    with Loop(home, tmp_path / "music") as loop:
        chaos = Chaos(loop, music, seed)
        for _ in range(STEPS):
            chaos.step()
        expected, broken = what_is_there(chaos.files())

        def agrees() -> bool:
            status = loop.status()
            if status.scanning or status.tracks.queued or status.analysing or status.tracks.failed != broken:
                return False
            return sorted(sorted(track.files) for track in loop.tracks() if not track.missing) == expected

        wait_until(agrees, 120, what="that the library says what is there")
        assert not loop.status().problems
        assert loop.client.next(loop.tracks()[0].title).suggestions
        assert "Traceback" not in (home / "logs" / "segued.log").read_text()
