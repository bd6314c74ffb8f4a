import importlib.util
from pathlib import Path

from segue.protocol.methods import METHODS

DOCS = Path(__file__).parents[3] / "docs"


def test_page_is_what_the_code_says():
    spec = importlib.util.spec_from_file_location("generate_protocol", DOCS / "generate_protocol.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    page = (DOCS / "protocol.md").read_text(encoding="utf-8")
    assert page == generator.render(), "run: python docs/generate_protocol.py"
    assert all(f"### `{name}`" in page for name in METHODS)
