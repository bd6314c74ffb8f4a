"""Tables and manifests as Parquet, when pyarrow is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from segue_export.datasets.build import DatasetError


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        arrow = import_module("pyarrow")
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise DatasetError(
            "Parquet needs pyarrow, which is not installed: pip install 'segue-dj[parquet]', or use a CSV file"
        ) from error
    return arrow, parquet


def read_rows(path: Path) -> tuple[tuple[str, ...], Callable[[], Iterator[list[str]]]]:
    """Column names of a Parquet file, and a function that goes through its rows as text, a part at a time.

    A missing value is an empty text, a list is joined with ``|``. Raises DatasetError when it cannot be read.
    """
    arrow, parquet = _pyarrow()
    try:
        names = tuple(parquet.ParquetFile(path).schema_arrow.names)
    except (OSError, arrow.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read as Parquet: {error}") from error

    def rows() -> Iterator[list[str]]:
        try:
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches():
                    for row in batch.to_pylist():
                        yield [_text(row[name]) for name in names]
        except (OSError, arrow.ArrowException) as error:
            raise DatasetError(f"{path} cannot be read as Parquet: {error}") from error

    return names, rows


def write_rows(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write a table; an old file is replaced when the new one is complete. Raises DatasetError."""
    arrow, parquet = _pyarrow()
    table = [dict(zip(columns, row, strict=True)) for row in rows]
    partial = path.with_suffix(".part")
    try:
        parquet.write_table(arrow.Table.from_pylist(table), partial)
        partial.replace(path)
    except (OSError, arrow.ArrowException) as error:
        partial.unlink(missing_ok=True)
        raise DatasetError(f"{path} cannot be written: {error}") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)
