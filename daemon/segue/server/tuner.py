"""The weights in use: the defaults, what the settings say, what was learned or taken from a preset, what the user says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, field, structs

from segue.errors import InvalidParamsError
from segue.library.store import Library
from segue.protocol.messages import TuneParams, WeightLesson, WeightList, WeightPart
from segue.recommend import tuning, weights
from segue.recommend.catalogue import Snapshot
from segue.recommend.weights import DEFAULT, PRESETS, Weights

_log = logging.getLogger(__name__)

SETTING: Final = "weights"
"""Name under which the library keeps the changes."""
_FEATURE: Final = "feature."
_LEARNED: Final = "learned"


class _Kept(Struct, frozen=True):
    """What the library keeps."""

    values: dict[str, float] = field(default_factory=dict)
    """By name as in `TuneParams.changes`."""
    sources: dict[str, str] = field(default_factory=dict)
    """Who said so, by the same names."""
    lesson: WeightLesson | None = None


class Tuner:
    """Keeps the weights. Reading `weights` never waits; what changes them is to be called in one thread."""

    def __init__(self, library: Library, settings: Weights, snapshot: Callable[[], Snapshot]) -> None:
        """Read what is kept in the library; ``settings`` are the weights that hold without it."""
        self._library = library
        self._settings = settings
        self._snapshot = snapshot
        self._kept = self._read()
        self._weights = _applied(settings, self._kept.values)

    def weights(self) -> Weights:
        """The weights in use; they never change, others take their place."""
        return self._weights

    def shown(self, preset: str | None = None) -> WeightList:
        """The weights in use, or those of a preset on top of them. Raises InvalidParamsError where there is no such preset."""
        kept, used = self._kept, self._weights
        sources = dict(kept.sources)
        if preset is not None:
            said = _flat(_preset(preset))
            used = _applied(used, said)
            sources |= dict.fromkeys(said, f"preset {preset}")

        def part(name: str) -> WeightPart:
            default, settled = _value(DEFAULT, name), _value(self._settings, name)
            source = sources.get(name, "default" if settled == default else "config")
            return WeightPart(name=name, weight=_value(used, name), default=default, source=source)

        return WeightList(
            parts=[part(name) for name in weights.names()],
            features=[part(_FEATURE + name) for name in used.by_feature],
            pitch_range=part("pitch_range"),
            presets=list(PRESETS),
            preset=preset,
            lesson=kept.lesson,
        )

    def tune(self, params: TuneParams) -> WeightList:
        """Change the weights, and keep them in the library; all or nothing.

        Raises InvalidParamsError for a name or a value that cannot be.
        """
        said = _Kept() if params.reset else self._kept
        if params.preset is not None:
            said = _with(said, _flat(_preset(params.preset)), f"preset {params.preset}")
        if params.changes:
            _applied(self._settings, params.changes)  # refused before seconds are spent on learning
        if params.learn:
            said = self._learned(said)
        self._keep(_with(said, params.changes, "you"))
        return self.shown()

    def forget(self) -> None:
        """Forget what was learned from sets; what the user says, and presets, stay."""
        if self._kept.lesson is None and _LEARNED not in self._kept.sources.values():
            return
        self._keep(structs.replace(_without_lesson(self._kept), lesson=None))
        self._library.empty_log()

    def _keep(self, said: _Kept) -> None:
        used = _applied(self._settings, said.values)
        self._library.settle(SETTING, None if said == _Kept() else msgspec.json.encode(said))
        self._kept, self._weights = said, used

    def _learned(self, said: _Kept) -> _Kept:
        """Learn anew: what an earlier lesson said does not count."""
        base = _without_lesson(said)
        found = tuning.learn(self._snapshot(), self._library.sets_played(), _applied(self._settings, base.values))
        lesson = WeightLesson(
            at=time.time(),
            better=found.better,
            transitions=found.transitions,
            learned_from=found.learned_from,
            judged_on=found.judged_on,
            needed=tuning.LEAST,
            before=found.before,
            after=found.after,
        )
        if found.better:
            base = _with(base, {name: _value(found.weights, name) for name in tuning.TUNED}, _LEARNED)
        return structs.replace(base, lesson=lesson)

    def _read(self) -> _Kept:
        text = self._library.setting(SETTING)
        try:
            kept = _Kept() if text is None else msgspec.json.decode(text, type=_Kept)
            _applied(self._settings, kept.values)
        except (msgspec.MsgspecError, InvalidParamsError) as error:  # of a version that knew other weights
            _log.warning("the weights that were tuned are not used: %s", error)
            return _Kept()
        return kept


def _without_lesson(kept: _Kept) -> _Kept:
    """What was not learned; the note of the lesson stays."""
    own = {name: value for name, value in kept.values.items() if kept.sources.get(name) != _LEARNED}
    return _Kept(own, {name: kept.sources[name] for name in own}, kept.lesson)


def _with(kept: _Kept, values: Mapping[str, float], source: str) -> _Kept:
    return structs.replace(
        kept, values=kept.values | dict(values), sources=kept.sources | dict.fromkeys(values, source)
    )


def _applied(base: Weights, values: Mapping[str, float]) -> Weights:
    """``base`` with weights by name. Raises InvalidParamsError for a name or a value that cannot be."""
    changes: dict[str, Any] = {name: value for name, value in values.items() if not name.startswith(_FEATURE)}
    features = {name.removeprefix(_FEATURE): value for name, value in values.items() if name.startswith(_FEATURE)}
    known = {*weights.names(), "pitch_range", *(_FEATURE + name for name in weights.FEATURES)}
    for name in values:
        if name not in known:
            raise InvalidParamsError(f"There is no weight “{name}”. There are {', '.join(sorted(known))}.")
    try:
        return base.changed({**changes, "by_feature": features})
    except msgspec.ValidationError as error:
        raise InvalidParamsError(
            f"A weight lies between 0 and 10, the fader's range between 0.5 and 50 %: {error}."
        ) from error


def _preset(name: str) -> Mapping[str, object]:
    if name not in PRESETS:
        raise InvalidParamsError(f"There is no preset “{name}”. There are {', '.join(PRESETS)}.")
    return PRESETS[name]


def _flat(changes: Mapping[str, object]) -> dict[str, float]:
    """A preset's changes by the names of `TuneParams.changes`."""
    return {name: value for name, value in changes.items() if isinstance(value, float)}


def _value(said: Weights, name: str) -> float:
    if name.startswith(_FEATURE):
        return said.by_feature.get(name.removeprefix(_FEATURE), 0.0)
    return float(getattr(said, name))
