"""`segue models`: the sets of networks that Segue can listen with."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, make_console, print_json
from segue.errors import DaemonNotRunningError, ModelError, SegueError

if TYPE_CHECKING:
    from segue.home import Home
    from segue.networks.registry import Entry, Registry
    from segue.protocol.messages import Status

CONVERTER: Final = ("-P", "-m", "segue_export.reference")
"""What Python runs to make a set: a program of its own, for Segue itself never loads PyTorch."""
NEEDED: Final = ("torch", "onnx")
"""What the converter needs and Segue does not."""
SETS: Final = ("msd",)
"""Sets that can be installed."""
_SAMPLE: Final = 60
"""Files of the library that the statistics are measured on, at the most."""


@click.group(invoke_without_command=True)
@json_option
@home_option
@click.pass_context
def models(context: click.Context) -> None:
    """The sets of networks that Segue can listen with: list, install, use, remove."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@click.command("list")
@json_option
@home_option
@pass_options
def list_models(options: Options) -> None:
    """List the sets of networks: those that are here, and those that can be installed."""
    home = options.home()
    rows = list(_rows(_registry(home), _status(home)))
    if options.json:
        print_json({"sets": rows})
        return
    console = make_console()
    for row in rows:
        console.print(f"{row['name']:<9}{_where(row)}", style="bold", soft_wrap=True)
        console.print(f"         {row['summary']}", soft_wrap=True)
        if row["installed"]:
            facts = f"{row['id']}, {row['bytes'] / 1e6:.1f} MB, vector of {row['dim']} numbers, {len(row['tags'])} tags"
            console.print(f"         {facts}", style="dim", soft_wrap=True)
        console.print(f"         {row['licence']}, {row['source']}", style="dim", soft_wrap=True)


@click.command()
@click.argument("name", type=click.Choice(SETS))
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Take the published files from this folder instead of the network.",
)
@click.option("--base-url", hidden=True, help="Where to download from; the files are verified all the same.")
@json_option
@home_option
@pass_options
def install(options: Options, name: str, *, source: Path | None, base_url: str | None) -> None:
    """Download the published networks of a set, verify, convert and measure them. Only this command uses the network.

    "msd" are the CRNN and the Short-Chunk CNN with residual connections that Won et al. trained on the Million Song
    Dataset (MIT licence). It needs PyTorch: pip install "segue-dj[export]". `segue models use msd` comes after it.
    """
    from segue.library.sample import some_files

    home = options.home()
    _refuse_without_torch()
    home.create()
    registry = _registry(home)
    with _disk_errors(home), registry.staging() as folder:
        downloads = home.models_dir / "downloads"
        arguments = [name, "--out", str(folder), "--cache", str(downloads)]
        arguments += ["--from", str(source.expanduser().absolute())] if source else []
        arguments += ["--base-url", base_url] if base_url else []
        card = _convert(arguments, some_files(home.library_file, _SAMPLE))
        entry = registry.add(folder, card)
        shutil.rmtree(downloads, ignore_errors=True)
    if options.json:
        print_json(_row(entry, wanted=registry.wanted(), status=None))
    else:
        click.echo(f"{name} is installed ({entry.id}). `segue models use {name}` changes to it.")


@click.command()
@click.argument("name")
@click.option(
    "--now", is_flag=True, help="Do not wait for tracks on drives that are away: they are done when they return."
)
@home_option
@pass_options
def use(options: Options, name: str, *, now: bool) -> None:
    """Change to the set NAME; "shipped" is the one that comes with Segue.

    Every track is listened to again in the background. Until that is done Segue answers with the set in use, and
    `segue status` shows how far it is. To call it off, use the set in use.
    """
    from segue.client import Client

    home = options.home()
    with contextlib.suppress(DaemonNotRunningError), Client(home) as client:
        click.echo(client.use_models(name, now=now).detail)
        return
    with _alone(home) as registry, _disk_errors(home):
        registry.find(name).load()
        registry.choose(name)
    click.echo(f"{name} is used from the next start on (`segue up`).")


@click.command()
@click.argument("name")
@home_option
@pass_options
def remove(options: Options, name: str) -> None:
    """Delete the installed set NAME and the vectors that were made with it."""
    from segue.client import Client

    home = options.home()
    with contextlib.suppress(DaemonNotRunningError), Client(home) as client:
        click.echo(client.remove_models(name).detail)
        return
    with _alone(home) as registry, _disk_errors(home):
        if name == registry.wanted():
            raise ModelError(f"{name} is in use: change to another set with `segue models use` first.")
        registry.remove(name)
    click.echo(f"{name} was removed.")


def _registry(home: Home) -> Registry:
    from segue.networks.registry import Registry

    return Registry(home.models_dir)


def _status(home: Home) -> Status | None:
    """What the daemon says, if there is one."""
    from segue.client import Client

    try:
        with Client(home, timeout=5.0) as client:
            return client.status()
    except SegueError:
        return None


def _rows(registry: Registry, status: Status | None) -> Iterator[dict[str, Any]]:
    wanted = registry.wanted()
    entries = registry.entries()
    for entry in entries:
        yield _row(entry, wanted=wanted, status=status)
    for name in SETS:
        if name not in {entry.name for entry in entries}:
            yield {
                "name": name,
                "installed": False,
                "state": "available",
                "summary": "CRNN and Short-Chunk CNN trained on the Million Song Dataset (Won et al., 2020): "
                f"`segue models install {name}`",
                "licence": "MIT",
                "source": "github.com/minzwon/sota-music-tagging-models",
            }


def _row(entry: Entry, *, wanted: str, status: Status | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": entry.name,
        "installed": True,
        "state": _state(entry, wanted, status),
        "id": entry.id,
        "bytes": entry.size(),
        "summary": entry.card.summary,
        "licence": entry.card.licence,
        "source": entry.card.source,
        "folder": str(entry.folder),
        "dim": 0,
        "tags": [],
        "problem": None,
    }
    try:
        found = entry.load()
    except ModelError as error:
        return row | {"problem": error.message}
    return row | {"dim": found.dim, "tags": list(found.labels)}


def _state(entry: Entry, wanted: str, status: Status | None) -> str:
    """Without a daemon the set that the next one will use counts as in use."""
    if status is None:
        return "in-use" if entry.name == wanted else "installed"
    if status.renewal is not None and status.renewal.id == entry.id:
        return "renewing"
    return "in-use" if status.models.get("id") == entry.id else "installed"


def _where(row: dict[str, Any]) -> str:
    if row.get("problem"):
        return f"damaged: {clean(row['problem'])}"
    return {
        "in-use": "in use",
        "renewing": "takes over when it is ready (`segue status`)",
        "installed": "installed",
        "available": "can be installed",
    }[row["state"]]


def _refuse_without_torch() -> None:
    if any(importlib.util.find_spec(package) is None for package in NEEDED):
        raise ModelError(
            "Converting the published networks needs PyTorch, which Segue itself does not: "
            f'install it with `{sys.executable} -m pip install "segue-dj[export]"`, then try again.'
        )


def _convert(arguments: list[str], files: list[str]) -> Any:
    """Run the converter; its progress goes to stderr as it comes. Returns the set's card; raises its error."""
    import msgspec

    from segue.errors import error_kinds
    from segue.networks.registry import Card

    done = subprocess.run(
        [sys.executable, *CONVERTER, *arguments],
        input=json.dumps(files),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise ModelError(
            f"The conversion ended with code {done.returncode} and no word: see what stands above."
        ) from None
    if "error" in said:
        raise error_kinds().get(said["error"]["code"], ModelError)(said["error"]["message"])
    return msgspec.convert(said | {"installed_at": time.time()}, Card)


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[Registry]:
    """Change the sets while no daemon can start."""
    from segue.server.lock import HomeLock

    home.create()
    lock = HomeLock(home)
    lock.acquire()
    try:
        yield _registry(home)
    finally:
        lock.release()


@contextlib.contextmanager
def _disk_errors(home: Home) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise home.cannot_write(error) from error


models.add_command(list_models)
models.add_command(install)
models.add_command(use)
models.add_command(remove)

COMMANDS = {"models": models}
