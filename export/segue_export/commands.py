"""The commands as they are installed: each loads what it needs when it is called, so that Ctrl-C counts from the start.

PyTorch takes seconds to load.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

from segue_export.interrupts import interruptible

_BEFORE: Final = "interrupted before it began"


def dataset() -> int:
    """``segue-dataset``."""
    return _run("segue_export.datasets.command")


def evaluate() -> int:
    """``segue-evaluate``."""
    return _run("segue_export.evaluation.main")


def robustness() -> int:
    """``segue-robustness``."""
    return _run("segue_export.evaluation.robustness_main")


def export() -> int:
    """``segue-export``."""
    return _run("segue_export.export")


def train() -> int:
    """``segue-train``."""
    return _run("segue_export.train")


@interruptible(_BEFORE)
def _run(module: str) -> int:
    """Load a command and run it; its own `main` has a better sentence for what happens later."""
    try:
        main = import_module(module).main
    except ImportError as error:
        print(f"this command needs more: pip install 'segue-dj[export]' ({error})", file=sys.stderr)
        return 1
    status: int = main()
    return status
