"""How often the track that was played next is among the first suggestions, and how pure in style and how mixable they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from segue.recommend import scoring, tuning
from segue.recommend.seed import seed_of
from segue.recommend.weights import DEFAULT
from segue_export.evaluation.estimates import Estimate, estimate
from segue_export.evaluation.recommend_history import Question, questions, seeds, truly_mix
from segue_export.evaluation.recommend_rankers import UNTAUGHT, Ranker, Study, ablations, baselines, presets
from segue_export.evaluation.tables import Cell, Table

AT: Final = (1, 5, 10)
Say = Callable[[str], None]
Answers = Mapping[str, Sequence[Sequence[int]]]


def measure(study: Study, limit: int | None, say: Say) -> list[Table]:
    """All tables of a history; ``limit`` is how many transitions are asked about.

    Without a history only what styles can tell: each track whose style is known is asked about.

    Raises ValueError where there is nothing to ask about.
    """
    asked = questions(study.history, limit)
    if not asked:
        return _without_history(study, limit, say)
    answers = _asked(baselines(study), asked, say)
    plain = _asked(ablations(study), asked, say)
    untaught = _asked(ablations(study, memory=False), asked, say)
    tuned = _asked(ablations(study, lambda dj: study.tuned(dj).weights), asked, say)
    tables = [
        _next_track(answers, asked),
        _by_dj(answers, asked),
        _ablation("ablation", "Without one part", plain, asked),
        _ablation("ablation_untaught", "Without one part, with nothing learned", untaught, asked),
        _ablation("ablation_tuned", "Without one part, with tuned weights", tuned, asked),
        _weights(study),
        _first(study, {**answers, **_asked(presets(study), asked, say)}, asked),
    ]
    return [*tables, *_purity(study, answers, asked)]


def _without_history(study: Study, limit: int | None, say: Say) -> list[Table]:
    asked = seeds(study.history, limit)
    if not asked:
        raise ValueError(
            "there is nothing to ask about: no sets were played or learned, and no track has a genre (or name a --truth)"
        )
    rankers = baselines(study)
    answers = _asked({name: rankers[name] for name in UNTAUGHT}, asked, say)
    answers = {**answers, **_asked(presets(study), asked, say)}
    return [_first(study, answers, asked), *_purity(study, answers, asked)]


def _asked(rankers: Mapping[str, Ranker], asked: Sequence[Question], say: Say) -> Answers:
    answers = {}
    for name, ranker in rankers.items():
        say(name)
        answers[name] = [ranker(question) for question in asked]
    return answers


def _hits(answers: Sequence[Sequence[int]], asked: Sequence[Question], k: int) -> list[float]:
    return [float(question.chosen in answer[:k]) for answer, question in zip(answers, asked, strict=True)]


def _reciprocal(answers: Sequence[Sequence[int]], asked: Sequence[Question]) -> list[float]:
    found = zip(answers, asked, strict=True)
    return [1.0 / (1 + list(answer).index(one.chosen)) if one.chosen in answer else 0.0 for answer, one in found]


def _row(answers: Sequence[Sequence[int]], asked: Sequence[Question]) -> dict[str, Cell]:
    nights = [question.night for question in asked]
    row: dict[str, Cell] = {f"hit@{k}": estimate(_hits(answers, asked, k), nights) for k in AT}
    row["MRR"] = estimate(_reciprocal(answers, asked), nights)
    return row


def _next_track(answers: Answers, asked: Sequence[Question]) -> Table:
    return Table(
        "next",
        "The track that was played next",
        "answered by",
        {name: _row(found, asked) for name, found in answers.items()},
        f"{len(asked)} transitions of {len({one.night for one in asked})} later nights; learned from the earlier ones. MRR: mean "
        "reciprocal rank, 0 beyond the fiftieth. ± is half the 95 % interval over nights.",
    )


def _by_dj(answers: Answers, asked: Sequence[Question]) -> Table:
    djs = dict.fromkeys(question.dj for question in asked)
    rows: dict[str, dict[str, Cell]] = {}
    for name, found in answers.items():
        hits = np.array(_hits(found, asked, 10))
        rows[name] = {dj: float(np.mean(hits[[one.dj == dj for one in asked]])) for dj in djs}
    return Table("by_dj", "hit@10 of each DJ", "answered by", rows)


def _ablation(name: str, title: str, answers: Answers, asked: Sequence[Question]) -> Table:
    """What each part gives: the difference to all parts, question by question."""
    nights = [question.night for question in asked]
    whole = {k: np.array(_hits(answers["all parts"], asked, k)) for k in (1, 10)}
    rank = np.array(_reciprocal(answers["all parts"], asked))
    rows: dict[str, dict[str, Cell]] = {}
    for one, found in answers.items():
        row: dict[str, Cell] = {f"hit@{k}": float(np.mean(_hits(found, asked, k))) for k in whole}
        lost = rank - np.array(_reciprocal(found, asked))
        row["MRR"] = float(np.mean(rank - lost))
        row["the part gives"] = "" if one == "all parts" else _signed(estimate(lost, nights))
        rows[one] = row
    return Table(name, title, "Segue", rows, "“The part gives”: MRR with it minus MRR without it, in thousandths.")


def _signed(found: Estimate) -> str:
    sure = "" if found.low <= 0.0 <= found.high else " *"
    return f"{1000 * found.value:+.1f} ±{500 * (found.high - found.low):.1f}{sure}"


def _weights(study: Study) -> Table:
    tuned = {dj: study.tuned(dj) for dj in study.history.careers}
    rows: dict[str, dict[str, Cell]] = {
        "transitions": {"before": "", **{dj: one.transitions for dj, one in tuned.items()}},
        "MRR before": {"before": "", **{dj: one.before for dj, one in tuned.items()}},
        "MRR after": {"before": "", **{dj: one.after for dj, one in tuned.items()}},
        "taken": {"before": "", **{dj: "yes" if one.better else "no" for dj, one in tuned.items()}},
    }
    for name in tuning.TUNED:
        learned = {dj: float(getattr(one.weights, name)) for dj, one in tuned.items()}
        rows[name.replace("_", " ")] = {"before": float(getattr(DEFAULT, name)), **learned}
    note = "Before: the weights that everybody begins with. MRR: on the last fifth of the earlier nights."
    return Table("weights", "Weights that the earlier nights taught", "weight", rows, note)


def _first(study: Study, answers: Answers, asked: Sequence[Question]) -> Table:
    """Whether the first suggestion can be blended, and how many of ten."""
    world = study.history.world
    rows: dict[str, dict[str, Cell]] = {}
    for name, found in answers.items():
        known, true = [], []
        for answer, question in zip(found, asked, strict=True):
            seed = seed_of(study.snapshot, question.tonight[-1])
            near = study.snapshot.rows.find(np.asarray(answer[:10], dtype=np.int64))
            known.append(scoring.terms(study.snapshot, seed, near).mixes)
            if world is not None:
                true.append(truly_mix(world, question.tonight[-1], answer[:10]))
        row: dict[str, Cell] = {
            "first": float(np.mean([one[0] for one in known if len(one)])),
            "of ten": float(np.mean(np.concatenate(known))),
        }
        if true:
            row["first, in truth"] = float(np.mean([one[0] for one in true if len(one)]))
            row["of ten, in truth"] = float(np.mean(np.concatenate(true)))
        rows[name] = row
    return Table(
        "mixes",
        "Suggestions that can be blended with what plays",
        "answered by",
        rows,
        "Tempo within the fader's range and keys that do not clash, as far as they are known; in truth: with no mistake of an analysis.",
    )


def _purity(study: Study, answers: Answers, asked: Sequence[Question]) -> list[Table]:
    styles = study.history.styles
    common = {style for style, count in Counter(styles.values()).items() if count > 1}
    labelled = [at for at, one in enumerate(asked) if styles.get(one.tonight[-1]) in common]
    if not labelled or len(common) < 2:
        return []
    nights = [asked[at].night for at in labelled]
    rows: dict[str, dict[str, Cell]] = {}
    for name, found in answers.items():
        rows[name] = {
            f"of {k}": estimate([_same(styles, asked[at].tonight[-1], found[at][:k]) for at in labelled], nights)
            for k in AT
        }
    return [Table("purity", "Suggestions of the style that plays", "answered by", rows, f"{len(common)} styles.")]


def _same(styles: Mapping[int, str], track: int, answer: Sequence[int]) -> float:
    known = [styles[one] for one in answer if one in styles]
    return float(np.mean([style == styles[track] for style in known])) if known else 0.0
