"""Checkpoints like the published ones, with made-up weights, and a server that has them."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from segue.frontend.mel import mel_filters
from segue_export.reference.fetch import git_id
from segue_export.reference.networks import PublishedCrnn, PublishedShortRes
from segue_export.reference.published import CHECKPOINTS, CRNN, SHORT_RES, Checkpoint

DRIVER = Path(__file__).with_name("reference_driver.py")
"""Runs the converter on made-up checkpoints: the ids that they should have are those that they have."""
DIM = 512 + 128 + 32 + 40


def state(network: nn.Module, mels: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """The weights of a network as published: with the front end, and normalised to what music measures."""
    random = torch.Generator().manual_seed(seed)
    weights = {}
    for name, value in network.state_dict().items():
        spread = (0.8 / value[0].numel()) ** 0.5 if value.dim() > 1 else 0.0  # signals neither grow nor die away
        weights[name] = torch.randn(value.shape, generator=random) * spread if spread else value
    weights["spec_bn.running_mean"] = torch.tensor([-20.0])
    weights["spec_bn.running_var"] = torch.tensor([400.0])
    weights["spec.spectrogram.window"] = torch.hann_window(512)
    weights["spec.mel_scale.fb"] = torch.from_numpy(np.array(mel_filters(mels)))
    return weights


def write_checkpoints(folder: Path) -> Path:
    """Both files in the folders of the repository."""
    for checkpoint, network, mels in ((CRNN, PublishedCrnn(), 96), (SHORT_RES, PublishedShortRes(), 128)):
        path = folder / checkpoint.path
        path.parent.mkdir(parents=True)
        torch.save(state(network, mels), path)
    return folder


def ids_of(folder: Path) -> tuple[Checkpoint, ...]:
    """The checkpoints, with the ids of the files in a folder."""
    return tuple(
        checkpoint._replace(git_id=git_id(folder / checkpoint.path))
        if (folder / checkpoint.path).is_file()
        else checkpoint
        for checkpoint in CHECKPOINTS
    )


Answer = Callable[[http.server.BaseHTTPRequestHandler, int], None]
"""Takes the request and its number."""


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A web server of this machine: its address, and the requests so far as path and range."""
    asked: list[tuple[str, str | None]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Range")))
            answer(self, len(asked))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", asked
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def send(request: http.server.BaseHTTPRequestHandler, content: bytes, *, ranges: bool = True, stop: int = 0) -> None:
    """Answer with content, from where the request asks; with `stop` break off after so many bytes."""
    wanted = request.headers.get("Range")
    start = int(wanted.removeprefix("bytes=").rstrip("-")) if ranges and wanted else 0
    if start and start >= len(content):
        request.send_error(416)
        return
    request.send_response(206 if start else 200)
    request.send_header("Content-Length", str(len(content) - start))
    request.end_headers()
    request.wfile.write(content[start : start + stop] if stop else content[start:])
    request.close_connection = True
