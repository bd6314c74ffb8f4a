"""The pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec
import pytest

from segue import errors
from segue.cli.exits import Exit
from segue.cli.main import main
from segue.config import Config
from segue.protocol.messages import Analysis, Route, Seed, Step, Suggestion

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def page(name):
    return (ROOT / "docs" / name).read_text()


def codes():
    found, todo = set(), [errors.SegueError]
    while todo:
        kind = todo.pop()
        found.add(kind.code)
        todo.extend(kind.__subclasses__())
    return found


def test_every_error_code_has_its_entry():
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page("troubleshooting.md"), re.MULTILINE)) == codes()


def test_every_command_is_described():
    described = set(re.findall(r"`segue ([a-z-]+)", page("cli.md")))
    assert set(main.list_commands(click.Context(main))) <= described


def test_every_exit_code_is_described():
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page("cli.md"), re.MULTILINE)} == {
        code.value for code in Exit
    }


def test_every_setting_is_described_with_its_default():
    described = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page("install.md"), re.MULTILINE))
    defaults = {name: msgspec.json.encode(value).decode() for name, value in msgspec.structs.asdict(Config()).items()}
    assert described == defaults


@pytest.mark.parametrize("kind", [Analysis, Route, Seed, Step, Suggestion])
def test_every_field_of_the_json_contract_is_described(kind):
    text = page("cli.md")
    assert [name for name in kind.__struct_fields__ if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_readme_has_the_command_that_the_check_script_runs():
    commands = [line for line in (ROOT / "README.md").read_text().splitlines() if line.endswith("&& pytest")]
    assert commands == ['pip install -e ".[test]" && pytest']
