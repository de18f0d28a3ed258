"""A line from poles to their broker that can be cut: a stopped relay passes nothing on and closes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys

CHUNK = 65_536
WAITING = 4096  # connections that the kernel holds for a relay that is stopped


class Relay:
    """A process of its own. `port`: where it listens on loopback; `to`: the port of the broker."""

    def __init__(self, to: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process = subprocess.Popen([sys.executable, "-m", "lightpoles.relay", str(self.port), str(to)])

    def cut(self) -> None:
        """What comes is lost to those who wait for an answer; nobody is told."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def mend(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


async def serve(port: int, to: int) -> None:
    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            broker = await asyncio.open_connection("127.0.0.1", to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(passed(reader, broker[1]), passed(broker[0], writer))

    server = await asyncio.start_server(met, "127.0.0.1", port, backlog=WAITING)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
