"""Segue uses no network: nobody is told that it runs."""

from __future__ import annotations

import os
import subprocess
import sys


def test_the_runtime_does_not_report_its_use(tmp_path):
    # Where it reports, it leaves the identity that it reports under in the temporary folder.
    quiet = {"CI", "GITHUB_ACTIONS", "TF_BUILD", "ORT_DISABLE_TELEMETRY"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet} | {"TMPDIR": str(tmp_path)}
    code = "from segue.networks.models import models_dir\nfrom segue.networks.sessions import Networks\nNetworks.load(models_dir())"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
