"""The part of the library that a user arranges: crates, private folders, promoted tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from segue.library import crates, folders, places, tracks
from segue.library.connection import Database
from segue.library.crates import CrateRow, Ids


class Arranging:
    """What `Library` can do about crates and privacy; its methods may be called from any thread."""

    _database: Database
    _crate_ids: Mapping[str, Ids]

    # Crates -----------------------------------------------------------------------------------------------------

    @property
    def crate_ids(self) -> Mapping[str, Ids]:
        """The tracks of each crate, rising, from memory; it never changes, another one takes its place."""
        return self._crate_ids

    def crates(self) -> list[CrateRow]:
        """Return all crates by name."""
        with self._database.reading() as db:
            return crates.every(db)

    def crate(self, name: str) -> list[int]:
        """Return the tracks of a crate in its order. CrateNotFoundError when there is none of this name."""
        with self._database.reading() as db:
            return crates.tracks(db, name)

    def set_crates(self, held: Mapping[str, Sequence[int]], source: str, *, add: bool = False) -> list[CrateRow]:
        """Put tracks into crates by name: behind those that are in it (`add`), or in their place.

        Raises:
            InvalidParamsError: a name is none.

        """
        with self._database.writing() as db:
            made = [crates.put(db, name, source, ids, add=add) for name, ids in held.items()]
        self._read_crates()
        return made

    def empty_crate(self, name: str, source: str) -> None:
        """Keep nothing of a source in a crate any more; what others keep in it stays."""
        with self._database.writing() as db:
            crates.empty(db, name, source)
        self._read_crates()

    def remove_from_crate(self, name: str, ids: Sequence[int]) -> None:
        """Take tracks out of a crate. CrateNotFoundError when there is none of this name."""
        with self._database.writing() as db:
            crates.take_out(db, name, ids)
        self._read_crates()

    def remove_crate(self, name: str) -> None:
        """Remove a crate; its tracks stay. CrateNotFoundError when there is none of this name."""
        with self._database.writing() as db:
            crates.remove(db, name)
        self._read_crates()

    def _read_crates(self) -> None:
        with self._database.reading() as db:
            self._crate_ids = crates.ids(db)

    # Privacy ----------------------------------------------------------------------------------------------------

    def private_folders(self) -> list[Path]:
        """Return the watched folders whose tracks are suggested to nobody."""
        with self._database.reading() as db:
            return folders.private(db)

    def set_private(self, folder: Path, private: bool) -> list[int]:
        """Say whether the tracks below a watched folder are suggested; return those that this may concern.

        Raises:
            FolderNotFoundError: the folder is not watched.

        """
        with self._database.writing() as db:
            concerned = folders.set_private(db, folder, private)
        self._copy_folder_list()
        return concerned

    def is_private(self, track_id: int) -> bool:
        """Whether all files of a track lie in private folders, be it promoted or not."""
        with self._database.reading() as db:
            found = places.of_tracks(db, [track_id]).get(track_id)
        return found is not None and found.private

    def promote(self, track_id: int, promoted: bool) -> None:
        """Let a track be suggested although its folder is private, or no more. TrackNotFoundError when there is none."""
        with self._database.writing() as db:
            tracks.promote(db, track_id, promoted)

    def _copy_folder_list(self, *, even_if_empty: bool = True) -> None:
        raise NotImplementedError
