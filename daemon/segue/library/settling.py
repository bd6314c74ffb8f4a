"""What a user settles in the daemon rather than in a file, by name; and the sets that were played, from which weights are learned."""

from __future__ import annotations

from segue.library import chains
from segue.library.connection import Database, erasing


class Settling:
    """What `Library` can do about settings; its methods may be called from any thread."""

    _database: Database

    def setting(self, name: str) -> bytes | None:
        """Return the JSON that is kept under a name; None where nothing is."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0]).encode()

    def settle(self, name: str, value: bytes | None) -> None:
        """Keep some JSON under a name; None forgets it. What was kept before is overwritten in the file."""
        with self._database.writing() as db, erasing(db):
            if value is None:
                db.execute("DELETE FROM settings WHERE name = ?", (name,))
            else:
                db.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value.decode()))

    def sets_played(self) -> list[list[int]]:
        """Return the track ids of every set that was played or imported, the oldest set first."""
        with self._database.reading() as db:
            return chains.chains(db)
