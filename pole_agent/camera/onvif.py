"""ONVIF cameras: who is on the network (WS-Discovery), what streams they have, and which of them a pole
should take.

Speaks through two libraries that are an extra of the package (`onvif-zeep-async` and `WSDiscovery`). Requests
are signed with the camera's own clock: cameras reject signatures that are minutes off, and their clocks are.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pole_agent.camera.opening import plain
from pole_agent.errors import CameraError
from pole_agent.languages import phrase
from pole_agent.settings.source import address_of

ONVIF_NETWORK = "http://www.onvif.org/ver10/network/wsdl"
VIDEO = "NetworkVideoTransmitter"
ASK_S = 15.0
MAX_HEIGHT, MIN_HEIGHT = 800, 360  # pixels; a sub-stream is usually 480 to 720 high
CODECS = {"H264": "H.264", "H265": "H.265", "JPEG": "MJPEG"}
DEFAULT_PORT = 80
NEAR = {4: 24, 6: 64}  # bits of an address that those of one network share, as a rule
UNREADABLE = phrase("onvif-address-invalid")
NO_LIBRARY = phrase("onvif-libraries-missing")


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a camera. `source` is what to copy: whole, without user and password where an address has
    them.

    `note`: what was changed in the address that the camera gave.
    """

    source: str
    codec: str
    width: int
    height: int
    fps: float
    note: str = ""


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
    """The stream for a pole: the largest that is no larger than a sub-stream, H.264 before others; else the
    smallest there is.
    """
    fitting = [s for s in streams if MIN_HEIGHT <= s.height <= MAX_HEIGHT]
    if fitting:
        return max(fitting, key=lambda s: (s.codec == "H.264", s.codec == "H.265", s.height))
    return min(streams, key=lambda s: abs(s.height - MAX_HEIGHT), default=None)


def find(seconds: float, host: str | None, username: str | None, password: str | None) -> list[Found]:
    """Ask the network for `seconds`, or just `host` ("name" or "name:port"), and each camera for its streams.
    Raises CameraError.
    """
    try:
        import onvif  # noqa: F401
        import wsdiscovery  # noqa: F401
    except ImportError as error:
        raise CameraError(NO_LIBRARY) from error
    addresses = _discover(seconds) if host is None else [_host_and_port(host)]

    async def ask_all() -> list[Found]:
        return await asyncio.gather(*(_ask(name, port, username, password) for name, port in addresses))

    return asyncio.run(ask_all())


def _host_and_port(text: str) -> tuple[str, int]:
    """The two of "name", "name:port", "fe80::1" or "[fe80::1]:port". Raises CameraError."""
    with contextlib.suppress(ValueError):
        ip_address(text.partition("%")[0])
        return text, DEFAULT_PORT
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")  # the address of its page is as good
        if parts.hostname:
            return parts.hostname, parts.port or (443 if parts.scheme == "https" else DEFAULT_PORT)
    except ValueError:
        pass
    raise CameraError(phrase("camera-host-invalid", given=plain(text)))


def bracketed(host: str) -> str:
    """The host as an address has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def address_for(given: str, answered: str) -> tuple[str, str]:
    """The address of a stream as the camera gave it, made usable, and what was changed about it (empty when
    nothing).

    Its login is left out. `answered` is the host that we have asked. A camera may give an address of no use
    here: none at all (0.0.0.0), its own loopback, or one of a network behind it. One that cannot be read, or
    may hold a password elsewhere than in its login, is left out: the address is empty then.
    """
    try:
        parts = urlsplit(given)
    except ValueError:
        return "", UNREADABLE
    host, here = parts.hostname or "", bracketed(answered)
    _login, _, place = parts.netloc.rpartition("@")
    note = ""
    if not host or _elsewhere(host, answered):
        try:
            port = parts.port
        except ValueError:
            port = None
        place = f"{here}:{port}" if port else here
        note = phrase("onvif-address-replaced", given=host or "no host", used=answered)
    found = urlunsplit(parts._replace(netloc=place))
    return (found, note) if parts.scheme and address_of(found) is not None else ("", UNREADABLE)


def _elsewhere(host: str, answered: str) -> bool:
    """Is `host` an address that cannot be reached from where `answered` can? Names are left as they are."""
    try:
        given = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    try:
        known = ip_address(answered.partition("%")[0])
    except ValueError:
        return given.is_unspecified or given.is_loopback or given.is_link_local
    if given == known:
        return False
    if given.is_unspecified or given.is_loopback or given.is_link_local or given.version != known.version:
        return True
    return given not in ip_network(f"{known}/{NEAR[known.version]}", strict=False)


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
        with contextlib.suppress(ValueError):
            parts = urlsplit(address)
            if parts.scheme in ("http", "https") and parts.hostname:
                return parts.hostname, parts.port or (443 if parts.scheme == "https" else DEFAULT_PORT)
    return None


async def _ask(host: str, port: int, username: str | None, password: str | None) -> Found:
    from onvif import ONVIFCamera

    camera = ONVIFCamera(bracketed(host), port, username or "", password or "", adjust_time=True)
    found = Found(f"{bracketed(host)}:{port}")
    try:
        async with asyncio.timeout(ASK_S):
            await camera.update_xaddrs()
            offset = camera.dt_diff.total_seconds() if camera.dt_diff else 0.0
            found = replace(found, clock_off_s=round(offset, 1))
            info = await (await camera.create_devicemgmt_service()).GetDeviceInformation()
            found = replace(found, name=f"{info.Manufacturer} {info.Model}")
            streams = await _streams(await camera.create_media_service(), host)
            return replace(found, streams=tuple(streams), preferred=prefer([s for s in streams if s.source]))
    except TimeoutError:
        return replace(found, trouble=phrase("timed-out", seconds=f"{ASK_S:.0f}"))
    except Exception as error:  # noqa: BLE001 - a camera may answer anything
        return replace(found, trouble=_explain(error))
    finally:
        await camera.close()


async def _streams(media: Any, answered: str) -> list[Stream]:
    """Of all profiles. One that the camera refuses hides no other; where it refuses all of them, its error is
    raised.
    """
    from onvif.exceptions import ONVIFError
    from zeep.exceptions import Fault

    streams: list[Stream] = []
    refused: Exception | None = None
    for profile in await media.GetProfiles():
        encoder = profile.VideoEncoderConfiguration
        if encoder is None:
            continue
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        try:
            answer = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profile.token})
        except (Fault, ONVIFError) as error:
            refused = error
            continue
        rate = encoder.RateControl.FrameRateLimit if encoder.RateControl is not None else 0
        size = encoder.Resolution
        source, note = address_for(answer.Uri.strip(), answered)
        codec = CODECS.get(encoder.Encoding, encoder.Encoding)
        streams.append(Stream(source, codec, size.Width, size.Height, float(rate), note))
    if refused is not None and not streams:
        raise refused
    return streams


def _explain(error: Exception) -> str:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    if re.search(r"not ?authorized|unauthorized|\b401\b", text, re.IGNORECASE):
        return phrase("onvif-login-needed")
    return phrase("onvif-invalid-answer", error=text)
