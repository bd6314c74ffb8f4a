"""`segue`: the command line. The table of commands is here, each command in a module of its own."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any, Final, NamedTuple

import click

import segue
from segue.cli.exits import Exit, exit_code, tell
from segue.cli.options import home_option, options_of
from segue.errors import SegueError, TrackNotFoundError


class _Entry(NamedTuple):
    module: str
    summary: str


_SECTIONS: Final[dict[str, dict[str, _Entry]]] = {
    "Play": {
        "up": _Entry("up", "Start Segue, index music folders, keep watching them."),
        "next": _Entry("ask", "What to play next, and why."),
        "wish": _Entry("wish", "What DJ programs are to be shown from now on: a lane, filters, a preset."),
        "path": _Entry("path", "From one track to another in steps that mix."),
        "similar": _Entry("ask", "What sounds like an audio file, in the library or not."),
        "search": _Entry("ask", "Find tracks by words."),
        "check": _Entry("producer", "Whether a file is too close to a record in the library."),
        "versions": _Entry("producer", "All versions of one work, as the bounces of a track."),
        "changes": _Entry("producer", "What changed in a track since the version before."),
        "show": _Entry("show", "All that is known of one track, and who says so."),
        "played": _Entry("history", "Remember that a track was played."),
        "night": _Entry("history", "What was played tonight; begin a new night."),
        "history": _Entry("history", "What was played, latest first."),
        "like": _Entry("feedback", "Suggest a track more, always or after another one."),
        "dislike": _Entry("feedback", "Suggest a track less, always or after another one."),
        "learn": _Entry("feedback", "Learn from histories and playlists of other programs."),
        "tune": _Entry("tune", "What counts how much in a score; change it, or learn it from your sets."),
        "memory": _Entry("feedback", "What was learned from your sets; forget it."),
    },
    "Library": {
        "folders": _Entry("folders", "The watched folders; add or remove one."),
        "crates": _Entry("crates", "Your crates; add tracks or playlists, import, remove."),
        "promote": _Entry("crates", "Let a track of a private folder be suggested."),
        "doubts": _Entry("show", "Tracks whose sources disagree, or whose tempo or key is unsure."),
        "write-tags": _Entry("write_tags", "Write tempo, key and energy into the tags of files."),
        "set": _Entry("settle", "Say what a track's tempo, key or energy is; or make a whole set."),
        "failures": _Entry("folders", "Files that could not be analysed, and why."),
        "models": _Entry("models", "The sets of networks that Segue can listen with; install or use one."),
        "analyse": _Entry("analyse", "Analyse audio files, without daemon and library."),
        "bench": _Entry("bench", "How right tempo and key are, on files with known values."),
    },
    "Daemon": {
        "status": _Entry("status", "What Segue is doing."),
        "events": _Entry("events", "Print what happens, as it happens."),
        "pause": _Entry("control", "Stop analysing until resumed."),
        "resume": _Entry("control", "Analyse again."),
        "down": _Entry("control", "Save and stop."),
    },
    "DJ programs": {
        "mixxx": _Entry("shims", "Suggestions inside Mixxx; set it up, or follow its decks."),
        "now-playing": _Entry("shims", "Follow the text file, or the broadcast, of any other DJ program."),
    },
    "Help": {
        "demo": _Entry("demo", "A first look in a minute, with a dozen tracks of our own."),
        "doctor": _Entry("doctor", "Check the installation, the library and this machine."),
    },
}


class SegueGroup(click.Group):
    """The group: finds commands by name, imports only the one that runs, and lets expected errors out quietly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the help page."""
        del ctx
        return [name for section in _SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module; None when there is no such command."""
        del ctx
        for section in _SECTIONS.values():
            if cmd_name in section:
                entry = section[cmd_name]
                command: click.Command = import_module(f"segue.cli.{entry.module}").COMMANDS[cmd_name]
                command.short_help = entry.summary
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, from the table alone: the help page imports none of them."""
        del ctx
        for title, section in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.summary) for name, entry in section.items()])

    def main(self, *arguments: Any, **named: Any) -> Any:
        """Run the program. What the output's encoding has no character for is replaced: a file on Windows, say."""
        if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
            sys.stdout.reconfigure(errors="replace")
        return super().main(*arguments, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; expected errors become a sentence and an exit code, Ctrl-C and a closed pipe nothing at all."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except SegueError as error:
            absent = next((path for path in options_of(ctx).absent if path in error.message), None)
            if isinstance(error, TrackNotFoundError) and absent is not None:
                error = TrackNotFoundError(f"There is no file {absent}.")
            tell(error, as_json=options_of(ctx).json)
            ctx.exit(exit_code(error))
        except KeyboardInterrupt:
            ctx.exit(Exit.INTERRUPTED)
        except BrokenPipeError:
            # Python flushes stdout once more at its end, and would complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(Exit.PIPE_CLOSED)
        return result


@click.group(cls=SegueGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(segue.__version__, prog_name="segue")
@home_option
def main() -> None:
    """What do I play next, and why? A local, offline recommender for DJs and producers.

    Begin with `segue up ~/Music`, then ask `segue next "part of a title"`. Without music at hand: `segue demo`.
    """


if __name__ == "__main__":
    main()
