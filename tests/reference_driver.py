"""The converter for tests: made-up checkpoints count as published, and little is measured. Never part of Segue."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

from reference_support import ids_of
from segue_export.reference import __main__ as program
from segue_export.reference import measure, published

if __name__ == "__main__":
    published.CHECKPOINTS = ids_of(Path(sys.argv[sys.argv.index("--from") + 1]))
    specs = [replace(spec, seconds=8.0) for spec in islice(measure.synthesised(), 0, 12, 4)]
    measure.synthesised = lambda: iter(specs)
    sys.exit(program.main())
