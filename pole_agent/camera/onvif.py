"""ONVIF cameras: who is on the network (WS-Discovery), what streams they have, and which of them a pole should take.

Speaks through two libraries that are an extra of the package (`onvif-zeep-async` and `WSDiscovery`). Requests are signed with the
camera's own clock: cameras reject signatures that are minutes off, and their clocks are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from pole_agent.camera.opening import plain
from pole_agent.errors import CameraError

ONVIF_NETWORK = "http://www.onvif.org/ver10/network/wsdl"
VIDEO = "NetworkVideoTransmitter"
ASK_S = 15.0
MOST_HEIGHT, LEAST_HEIGHT = 800, 360  # pixels; a sub-stream is usually 480 to 720 high
CODECS = {"H264": "H.264", "H265": "H.265", "JPEG": "MJPEG"}
NO_LIBRARY = "looking for cameras needs two libraries: pip install onvif-zeep-async WSDiscovery"


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a camera. `source` is without user and password."""

    source: str
    codec: str
    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class Found:
    """A camera. `clock_off_s` is its clock against ours; `trouble` says why nothing more is known."""

    host: str
    name: str = ""
    clock_off_s: float = 0.0
    streams: tuple[Stream, ...] = ()
    preferred: Stream | None = None
    trouble: str = ""


def prefer(streams: Sequence[Stream]) -> Stream | None:
    """The stream for a pole: the largest that is no larger than a sub-stream, H.264 before others; else the smallest there is."""
    fitting = [s for s in streams if LEAST_HEIGHT <= s.height <= MOST_HEIGHT]
    if fitting:
        return max(fitting, key=lambda s: (s.codec == "H.264", s.codec == "H.265", s.height))
    return min(streams, key=lambda s: abs(s.height - MOST_HEIGHT), default=None)


def find(seconds: float, host: str | None, username: str | None, password: str | None) -> list[Found]:
    """Ask the network for `seconds`, or just `host` ("name" or "name:port"), and each camera for its streams. Raises CameraError."""
    try:
        import onvif  # noqa: F401
        import wsdiscovery  # noqa: F401
    except ImportError as error:
        raise CameraError(NO_LIBRARY) from error
    if host is None:
        addresses = _discover(seconds)
    else:
        parts = urlsplit(f"//{host}")
        addresses = [(parts.hostname or host, parts.port or 80)]

    async def ask_all() -> list[Found]:
        return await asyncio.gather(*(_ask(name, port, username, password) for name, port in addresses))

    return asyncio.run(ask_all())


def _discover(seconds: float) -> list[tuple[str, int]]:
    """Host and port of the device service of each camera that answers."""
    from wsdiscovery.discovery import ThreadedWSDiscovery
    from wsdiscovery.qname import QName

    discovery = ThreadedWSDiscovery()
    discovery.start()
    try:
        services = discovery.searchServices(types=[QName(ONVIF_NETWORK, VIDEO)], timeout=seconds)
        addresses = {_address(service.getXAddrs()) for service in services}
    finally:
        discovery.stop()
    return sorted(a for a in addresses if a is not None)


def _address(addresses: Sequence[str]) -> tuple[str, int] | None:
    """The first address that can be used; a camera may give several, of IPv4 and IPv6."""
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    return None


async def _ask(host: str, port: int, username: str | None, password: str | None) -> Found:
    from onvif import ONVIFCamera

    camera = ONVIFCamera(host, port, username or "", password or "", adjust_time=True)
    found = Found(f"{host}:{port}")
    try:
        async with asyncio.timeout(ASK_S):
            await camera.update_xaddrs()
            offset = camera.dt_diff.total_seconds() if camera.dt_diff else 0.0
            found = replace(found, clock_off_s=round(offset, 1))
            info = await (await camera.create_devicemgmt_service()).GetDeviceInformation()
            found = replace(found, name=f"{info.Manufacturer} {info.Model}")
            streams = await _streams(await camera.create_media_service())
            return replace(found, streams=tuple(streams), preferred=prefer(streams))
    except TimeoutError:
        return replace(found, trouble=f"does not answer within {ASK_S:.0f} s")
    except Exception as error:  # noqa: BLE001 - a camera may answer anything; one bad one must not hide the others
        return replace(found, trouble=_explain(error))
    finally:
        await camera.close()


async def _streams(media: Any) -> list[Stream]:
    streams = []
    for profile in await media.GetProfiles():
        encoder = profile.VideoEncoderConfiguration
        if encoder is None:
            continue
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        answer = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profile.token})
        rate = encoder.RateControl.FrameRateLimit if encoder.RateControl is not None else 0
        size = encoder.Resolution
        query = urlsplit(answer.Uri).query
        source = plain(answer.Uri) + (f"?{query}" if query else "")
        streams.append(Stream(source, CODECS.get(encoder.Encoding, encoder.Encoding), size.Width, size.Height, float(rate)))
    return streams


def _explain(error: Exception) -> str:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    if re.search(r"not ?authorized|unauthorized|\b401\b", text, re.IGNORECASE):
        return "asks for a user and a password (ONVIF users are often separate): give --username and --password-file"
    return f"does not answer as an ONVIF camera should: {text}"
