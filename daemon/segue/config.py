"""What a user can set in ``config.toml``. The daemon reads it at its start and never writes it."""

from __future__ import annotations

import ipaddress
import math
import os
import re
import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from segue.errors import ConfigError
from segue.home import Home
from segue.recommend.weights import DEFAULT, Weights

_FIELD = re.compile(r"`\$?\.?(?P<name>\w+)`$")


class Address(Struct, frozen=True):
    """Where TCP listens: `query` on `port`, `events` on the next one; port 0 lets the system choose both."""

    host: str
    """A numeric address; version 6 in brackets."""
    port: int

    @property
    def query(self) -> str:
        """The ZeroMQ endpoint of the query socket."""
        return f"tcp://{self.host}:{self.port}"

    @property
    def events(self) -> str:
        """The ZeroMQ endpoint of the events socket."""
        return f"tcp://{self.host}:{self.port + 1 if self.port else 0}"


class Config(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """All settings with their defaults. The watched folders are not here: they live in the library."""

    workers: Annotated[int, Meta(ge=0, le=256)] = 0
    """Analysis processes; 0: one fewer than there are cores, and at least one."""
    settle_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 2.0
    """A file is taken when its size and time have stood still for so long."""
    seconds_per_minute: Annotated[float, Meta(ge=1, le=3600)] = 20.0
    """The analysis of a file is stopped after so many seconds a minute of its audio."""
    memory_limit_mb: Annotated[int, Meta(ge=256)] = 2048
    """An analysis process that takes more memory is stopped, in MiB."""
    rescan_minutes: Annotated[float, Meta(ge=0)] = 60.0
    """The folders are compared with the library every so many minutes; 0: only at the start and on events."""
    night_gap_hours: Annotated[float, Meta(ge=0.5, le=48)] = 5.0
    """So many hours without a play end a night."""
    last_night_counts: bool = False
    """What was played the night before is not suggested tonight either."""
    weights: dict[str, float | dict[str, float]] = {}
    """What counts how much in a score, by name, in a section ``[weights]``; `segue tune` shows the names and comes on top."""
    provider: Literal["auto", "cpu", "cuda"] = "auto"
    """What runs the networks; ``auto``: CUDA where it is really there, else the CPU."""
    tcp: str = ""
    """Listen on TCP too, always with CURVE keys: ``127.0.0.1:0``, say. Empty: only the socket in the home."""
    allow_remote: bool = False
    """Let `tcp` be an address that other machines can reach."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What goes into the log."""

    @classmethod
    def load(cls, home: Home) -> Config:
        """Read the home's ``config.toml``; the defaults without one.

        Raises
        ------
        ConfigError
            It cannot be read, is no TOML, or has an unknown key or a wrong value; names the line and the field.

        """
        try:
            text = home.config_file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The settings in {home.config_file} cannot be read: {error}") from error
        return _parse(text, str(home.config_file))

    def base_weights(self) -> Weights:
        """Return the weights that hold where `segue tune` has changed nothing.

        Raises
        ------
        ConfigError
            `weights` has an unknown name, or a number that is none.

        """
        try:
            return DEFAULT.changed(self.weights)
        except msgspec.ValidationError as error:
            raise ConfigError(
                f"[weights] in the settings: {error}. `segue tune` shows the names; weights lie between 0 and 10."
            ) from error

    def worker_count(self) -> int:
        """Analysis processes to start, at least one: `workers`, or by the cores that this process may use."""
        return self.workers or max(1, _cores() - 1)

    def rescan_seconds(self) -> float:
        """Seconds between two comparisons of the folders with the library; infinite when `rescan_minutes` is 0."""
        return 60.0 * self.rescan_minutes or math.inf

    def tcp_address(self) -> Address | None:
        """Return where TCP listens, None when it is off.

        Raises
        ------
        ConfigError
            `tcp` is no numeric address with a port, or is reachable from other machines without `allow_remote`.

        """
        return _address(self.tcp, allow_remote=self.allow_remote) if self.tcp else None


def _parse(text: str, source: str) -> Config:
    try:
        config = msgspec.convert(tomllib.loads(text), Config)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), text, source)) from error
    config.tcp_address()
    config.base_weights()
    return config


def _explain(problem: str, text: str, source: str) -> str:
    found = _FIELD.search(problem)
    if found is None:
        return f"{source}: {problem}."
    name = found["name"]
    if "unknown field" in problem:
        known = ", ".join(sorted(Config.__struct_fields__))
        return f"{source}{_line_of(name, text)}: there is no setting `{name}`. The settings are {known}."
    return f"{source}{_line_of(name, text)}: `{name}`: {problem.partition(' - at ')[0]}."


def _line_of(name: str, text: str) -> str:
    pattern = re.compile(rf"""^\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return f", line {number}"
    return ""


def _address(text: str, *, allow_remote: bool) -> Address:
    host, _, port_text = text.rpartition(":")
    host = host.strip("[]")
    try:
        ip = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        port = int(port_text)
    except ValueError as error:
        raise ConfigError(f'tcp = "{text}" should be an address with a port, such as "127.0.0.1:0".') from error
    if not 0 <= port < 65535:
        raise ConfigError(f'The port in tcp = "{text}" should be from 0 (the system chooses) to 65534.')
    if not (ip.is_loopback or allow_remote):
        raise ConfigError(
            f'tcp = "{text}" can be reached from other machines. If you want that, add `allow_remote = true`.'
        )
    return Address(f"[{ip}]" if ip.version == 6 else str(ip), port)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
