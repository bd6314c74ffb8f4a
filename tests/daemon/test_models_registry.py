"""The sets of networks of a home: whole or not there at all."""

from __future__ import annotations

import json

import pytest

from models_support import add_set, write_set
from segue.errors import ModelError, ModelMismatchError, ModelMissingError
from segue.home import Home
from segue.networks.models import models_dir
from segue.networks.registry import CARD, SHIPPED, Card, Registry


@pytest.fixture
def registry(home) -> Registry:
    return Registry(Home.locate(home).models_dir)


def card(name: str = "other", at: float = 0.0) -> Card:
    return Card(name=name, summary="for tests", licence="none", installed_at=at)


def names(registry: Registry) -> list[str]:
    return [entry.name for entry in registry.entries()]


def test_a_new_home_has_the_shipped_set(registry):
    assert names(registry) == [SHIPPED]
    assert registry.wanted() == SHIPPED
    assert registry.find(SHIPPED).folder == models_dir()
    assert registry.by_id(registry.shipped().id).name == SHIPPED


def test_a_set_is_added_chosen_and_removed(registry, home):
    made = add_set(home)
    assert names(registry) == [SHIPPED, "other"]
    assert registry.find("other") == made == registry.by_id(made.id)
    assert made.size() > 1_000_000
    registry.choose("other")
    assert registry.wanted() == "other"
    registry.remove("other")
    assert names(registry) == [SHIPPED]
    with pytest.raises(ModelMissingError, match="install msd"):
        registry.find("other")


def test_of_two_sets_of_one_name_the_later_counts_and_the_former_stays_while_it_is_needed(registry):
    made = []
    for at, shift in ((1.0, 0.0), (2.0, 0.5)):
        with registry.staging() as folder:
            write_set(folder, shift=shift)
            made.append(registry.add(folder, card(at=at)))
    assert registry.find("other").id == made[1].id
    assert registry.by_id(made[0].id) == made[0]
    registry.tidy(keep={made[0].id})
    assert made[0].folder.exists()
    registry.tidy(keep=set())
    assert not made[0].folder.exists()
    assert made[1].folder.exists()


def test_the_same_set_again_is_no_second_one(registry, home):
    assert add_set(home).id == add_set(home).id
    assert names(registry) == [SHIPPED, "other"]


@pytest.mark.parametrize("harm", ["truncate", "lose", "manifest"])
def test_a_set_that_is_not_whole_is_not_registered(registry, home, harm):
    with registry.staging() as folder:
        write_set(folder)
        if harm == "truncate":
            (folder / "crnn.onnx").write_bytes((folder / "crnn.onnx").read_bytes()[:-9])
        elif harm == "lose":
            (folder / "vector.json").unlink()
        else:
            (folder / "short_chunk.json").write_text("{")
        with pytest.raises((ModelMissingError, ModelMismatchError)):
            registry.add(folder, card())
    assert names(registry) == [SHIPPED]
    assert list(Home.locate(home).models_dir.iterdir()) == []


def test_what_a_killed_installation_left_is_no_set_and_is_swept(registry, home):
    folder = Home.locate(home).models_dir
    dead = folder / ".new-999999999-abc"
    dead.mkdir(parents=True)
    write_set(dead)
    (dead / CARD).write_text(json.dumps({"name": "other", "summary": "", "licence": ""}))
    assert names(registry) == [SHIPPED]
    with registry.staging() as mine:
        assert not dead.exists()
        with Registry(folder).staging():
            assert mine.exists()  # another installation, which runs


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": 5}', b"\xff"])
def test_a_choice_that_cannot_be_read_is_the_shipped_set(registry, home, content):
    add_set(home)
    registry.choose("other")
    (Home.locate(home).models_dir / "wanted.json").write_bytes(content)
    assert registry.wanted() == SHIPPED


@pytest.mark.parametrize("name", [SHIPPED, "../x", "", "A b"])
def test_names_that_no_set_may_have(registry, name):
    with registry.staging() as folder, pytest.raises(ModelError, match="cannot be called"):
        registry.add(folder, card(name))


def test_the_shipped_set_stays(registry):
    with pytest.raises(ModelError, match="part of Segue"):
        registry.remove(SHIPPED)
