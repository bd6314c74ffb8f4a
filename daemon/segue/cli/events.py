"""`segue events`: what happens, as it happens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from segue.cli.options import Options, home_option, json_option, pass_options
from segue.cli.output import clean, print_json


@click.command()
@json_option
@home_option
@pass_options
def events(options: Options) -> None:
    """Print what happens, one line an event, until Ctrl-C or until Segue stops."""
    from segue.client import Client

    with Client(options.home()) as client, client.events() as stream:
        for name, event in stream:
            if options.json:
                print_json({"event": name, "seq": event.seq, "at": event.at, "data": event.data})
            else:
                click.echo(f"{time.strftime('%H:%M:%S', time.localtime(event.at))}  {name:<16}  {_facts(event.data)}")


def _facts(data: Mapping[str, Any]) -> str:
    return "  ".join(f"{name}={clean(_short(value))}" for name, value in data.items() if value is not None)


def _short(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


COMMANDS = {"events": events}
