"""Draws docs/images/next.svg, `segue next` with a real daemon: python docs/generate_picture.py."""  # noqa: INP001 - a script

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from segue.cli.demo import render_all, throw_away
from segue.cli.progress import follow
from segue.cli.start import start_daemon
from segue.cli.tables import suggestions_table
from segue.client import Client
from segue.demo.tracks import DEMO_TRACKS

PICTURE: Final = Path(__file__).parent / "images" / "next.svg"
SEED: Final = "night bus"


def main() -> None:
    """Render, index, ask, draw."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, highlight=False, markup=False)
    with throw_away(keep=False) as (home, music):
        render_all(music, DEMO_TRACKS)
        start_daemon(home, str(home))
        with Client(home) as client:
            client.add_folder(music)
            follow(client, Console(file=io.StringIO()))
            console.print(Text(f'$ segue next "{SEED}" -n 2', style="bold green"))
            console.print(suggestions_table(client.next(SEED, limit=2, lanes=True)))
    picture = console.export_svg(title="segue next", unique_id="segue-next")
    # The fonts of the viewer's own machine do: nothing is fetched from anywhere.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL))


if __name__ == "__main__":
    main()
