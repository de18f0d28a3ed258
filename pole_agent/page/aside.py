"""Commands of pole-agent that the page runs beside the agent: in a process of its own that gives way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Sequence
from typing import Any

from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase

NICE = 15
PREFIX = "pole-agent: "  # of its complaints


async def answer_of(command: Sequence[str], within_s: float) -> Any:
    """The JSON that a command prints, also when it ends with 1. Raises PoleAgentError with its complaint."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
    try:
        async with asyncio.timeout(within_s):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    try:
        return json.loads(output)
    except ValueError:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise PoleAgentError(lines[-1].removeprefix(PREFIX) if lines else phrase("page-failed")) from None
