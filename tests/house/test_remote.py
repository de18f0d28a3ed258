"""The daemon is a stranger to the update client."""

from __future__ import annotations

import subprocess
import sys

FOREIGN = ("tuf", "securesystemslib", "urllib3", "cryptography")


def test_the_daemon_never_imports_tuf() -> None:
    """With everything loaded that `run` can reach, nothing of the update client is in memory."""
    everything = (
        "import pkgutil, importlib, sys, pole_agent.loops, pole_agent.commands.run, pole_agent.lifecycle\n"
        "for package in ('loops', 'compose', 'page', 'uplink', 'store', 'health', 'lamp', 'drone'):\n"
        "    top = importlib.import_module('pole_agent.' + package)\n"
        "    for module in pkgutil.walk_packages(top.__path__, top.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        f"print(*[name for name in {FOREIGN} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", everything], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
