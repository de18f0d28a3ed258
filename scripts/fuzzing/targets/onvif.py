"""Answers of ONVIF cameras: XML through the libraries that read it, and what is made of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from unittest import mock

from fuzzing.target import Lost, Ready, Target

HERE = "http://192.0.2.7/onvif"
SPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
)
SERVICE = (
    "<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace><tds:XAddr>{at}"
    "</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>5</tt:Minor></tds:Version></tds:Service>"
)
PROFILE = (
    '<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name><tt:VideoEncoderConfiguration'
    ' token="v"><tt:Name>v</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding>'
    "<tt:Resolution><tt:Width>704</tt:Width><tt:Height>576</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
    "<tt:RateControl><tt:FrameRateLimit>10</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
    "<tt:BitrateLimit>1024</tt:BitrateLimit></tt:RateControl><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
    "</tt:VideoEncoderConfiguration></trt:Profiles>"
)
BODIES = {
    "GetSystemDateAndTime": "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual"
    "</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time><tt:Hour>5"
    "</tt:Hour><tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year>"
    "<tt:Month>11</tt:Month><tt:Day>24</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime>"
    "</tds:GetSystemDateAndTimeResponse>",
    "GetServices": "<tds:GetServicesResponse>"
    + SERVICE.format(name="device", at=f"{HERE}/device_service")
    + SERVICE.format(name="media", at=f"{HERE}/media_service")
    + "</tds:GetServicesResponse>",
    "GetDeviceInformation": "<tds:GetDeviceInformationResponse><tds:Manufacturer>A</tds:Manufacturer>"
    "<tds:Model>Pole 4</tds:Model><tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>1"
    "</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>",
    "GetProfiles": "<trt:GetProfilesResponse>"
    + PROFILE.format(token="main")
    + PROFILE.format(token="sub")
    + "</trt:GetProfilesResponse>",
    "GetStreamUri": "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://a:b@camera:554/main?x=1</tt:Uri>"
    "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
    "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
    "<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>",
}
WORDS = (
    '<!DOCTYPE a [<!ENTITY b "b">]>', "&b;", "&#0;", "<![CDATA[", "<!--", "xsi:nil", '="', "</", "/>",
    "s:Fault",    "<tt:Uri>", "</tt:Uri>", "PT60S", "-1", "1e9", "\ufffe", "encoding=\"utf-16\"", "rtsp://",
    "<s:Header/>", *BODIES,
)  # fmt: skip


def prepare_onvif(_: Path) -> Ready:
    """A line that names what is asked, and the answer to it; everything else is answered as it should be."""
    import requests
    from lxml import etree
    from onvif.client import AsyncTransportProtocolErrorHandler

    from pole_agent.camera.onvif import _ask

    def take(data: bytes) -> None:
        name, _, document = data.partition(b"\n")

        async def post(_self: Any, _address: str, asked: Any, _headers: dict[str, str]) -> Any:
            known = next((n for n in BODIES if f":{n}".encode() in etree.tostring(asked)), "")
            answer = requests.Response()
            answer.status_code, answer.headers["Content-Type"] = 200, "application/soap+xml"
            answer._content = document if known.encode() == name else _envelope(BODIES.get(known, ""))
            return answer

        with mock.patch.object(AsyncTransportProtocolErrorHandler, "post_xml", post):
            found = asyncio.run(_ask("192.0.2.7", 80, "admin", "secret"))
        if not (found.streams or found.trouble or name in (b"GetProfiles", b"GetStreamUri")):
            raise Lost(f"a camera without streams and without trouble: {found}")
        json.dumps([found.name, found.trouble, [s.source for s in found.streams]])
        if len(found.trouble.splitlines()) > 1:
            raise Lost(f"a trouble that is no line: {found.trouble!r}")

    seeds = [f"{name}\n".encode() + _envelope(body) for name, body in BODIES.items()]
    return Ready(take=take, seeds=seeds, words=WORDS)


def _envelope(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope {SPACES}><s:Body>{body}</s:Body></s:Envelope>'.encode()


TARGETS = (
    Target(
        name="onvif",
        about="answers of ONVIF cameras (SOAP)",
        prepare=prepare_onvif,
        native="the reader of XML (libxml2)",
    ),
)
