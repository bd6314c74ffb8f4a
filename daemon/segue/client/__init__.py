"""How programs talk to the daemon: `Client`, and `AsyncClient` for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.client.sync import Client

if TYPE_CHECKING:
    from segue.client.aio import AsyncClient

__all__ = ["AsyncClient", "Client"]


def __getattr__(name: str) -> Any:
    # asyncio takes longer to import than all the rest together: the command line does without.
    if name == "AsyncClient":
        from segue.client.aio import AsyncClient  # noqa: PLC0415

        return AsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
