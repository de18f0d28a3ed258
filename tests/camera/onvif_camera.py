"""A camera that speaks enough ONVIF for the tests: WS-Discovery over multicast, SOAP over HTTP, and a clock
of its own.

Its clock is an hour slow, and it rejects signatures that are more than a minute off that clock, as real
cameras do. Run as a program it answers probes and requests on every address of this machine, for use in a
network namespace:

    python onvif_camera.py HTTP_PORT
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import re
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

USER, PASSWORD = "onvif#user", "p@ss w/rd"
CLOCK_OFF = timedelta(hours=-1)
TOLERANCE_S = 60
DEVICE, MEDIA = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:tds="{device}" xmlns:trt="{media}" xmlns:tt="{schema}"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{body}</s:Body></s:Envelope>'
)
DENIED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text"
    ' xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>'
)
REFUSED = DENIED.replace("NotAuthorized", "InvalidArgVal").replace("Sender not Authorized", "No such profile")
PROFILES = {"main": ("H264", 2560, 1440, 25), "sub": ("H264", 704, 576, 10), "third": ("JPEG", 320, 240, 5)}


def profile(token: str) -> str:
    codec, width, height, fps = PROFILES[token]
    return (
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name><tt:VideoEncoderConfiguration'
        f' token="v{token}">'
        f"<tt:Name>v{token}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>{codec}</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{fps}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
        "<tt:BitrateLimit>1024</tt:BitrateLimit></tt:RateControl><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type>"
        "<tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart>"
        "</tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def date_time(now: datetime) -> str:
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:DaylightSavings>false"
        f"</tt:DaylightSavings><tt:UTCDateTime><tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>"
        f"{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}"
        "</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def signed(request: str, now: datetime) -> bool:
    """WS-Security UsernameToken, digest: base64(sha1(nonce + created + password))."""
    parts = {
        tag: re.search(rf"<(?:\w+:)?{tag}(?:\s[^>]*)?>([^<]*)<", request)
        for tag in ("Username", "Password", "Nonce", "Created")
    }
    if not all(parts.values()):
        return False
    user, digest, nonce, created = (match[1] for match in parts.values() if match)
    right = base64.b64encode(
        hashlib.sha1(base64.b64decode(nonce) + created.encode() + PASSWORD.encode()).digest()
    ).decode()
    age = abs((datetime.fromisoformat(created.replace("Z", "+00:00")) - now).total_seconds())
    return user == USER and digest == right and age <= TOLERANCE_S


class Camera(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        now = datetime.now(UTC) + CLOCK_OFF
        here = f"http://{self.headers['Host']}/onvif"
        code = 200
        if "GetSystemDateAndTime" in request:
            body = date_time(now)
        elif not signed(request, now):
            code, body = 400, DENIED
        elif any(f"ProfileToken>{token}<" in request for token in self.server.refused):  # type: ignore[attr-defined]
            code, body = 400, REFUSED
        elif "GetServices" in request:
            body = "<tds:GetServicesResponse>" + "".join(
                f"<tds:Service><tds:Namespace>{name}</tds:Namespace><tds:XAddr>{here}/{path}</tds:XAddr><tds:Version><tt:Major>2</tt:Major>"
                "<tt:Minor>5</tt:Minor></tds:Version></tds:Service>"
                for name, path in ((DEVICE, "device_service"), (MEDIA, "media_service"))
            )
            body += "</tds:GetServicesResponse>"
        elif "GetDeviceInformation" in request:
            body = (
                "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer><tds:Model>Pole"
                " 4</tds:Model>"
                "<tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>1</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId>"
                "</tds:GetDeviceInformationResponse>"
            )
        elif "GetProfiles" in request:
            body = f"<trt:GetProfilesResponse>{''.join(map(profile, PROFILES))}</trt:GetProfilesResponse>"
        else:
            token = re.search(r"ProfileToken>([^<]*)<", request)
            uri = f"rtsp://{USER.replace('#', '%23')}:secret@camera:554/{token[1] if token else ''}?x=1"
            body = (
                f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
                "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
            )
        answer = ENVELOPE.format(device=DEVICE, media=MEDIA, schema=SCHEMA, body=body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        return


def serve(host: str, port: int, refused: Sequence[str] = ()) -> http.server.ThreadingHTTPServer:
    """`refused`: the profiles without an address."""
    server = http.server.ThreadingHTTPServer((host, port), Camera)
    server.refused = refused  # type: ignore[attr-defined]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def answer_probes(address: str, port: int) -> None:
    """WS-Discovery: answer each Probe that comes by multicast, for ever."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("239.255.255.250", 3702))
    listening.setsockopt(
        socket.IPPROTO_IP,
        socket.IP_ADD_MEMBERSHIP,
        struct.pack("4s4s", *map(socket.inet_aton, ("239.255.255.250", address))),
    )
    while True:
        request, sender = listening.recvfrom(65_535)
        probe = re.search(rb"MessageID[^>]*>([^<]+)<", request)
        if b"NetworkVideoTransmitter" not in request or probe is None:
            continue
        answer = f"""<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>urn:uuid:1</w:MessageID>
<w:RelatesTo>{probe[1].decode()}</w:RelatesTo><w:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</w:To>
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</w:Action>
<d:AppSequence InstanceId="1" MessageNumber="1"/></e:Header>
<e:Body><d:ProbeMatches><d:ProbeMatch><w:EndpointReference>
<w:Address>urn:uuid:camera-1</w:Address></w:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/name/Acme</d:Scopes><d:XAddrs>http://{address}:{port}/onvif/device_service</d:XAddrs>
<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"""
        listening.sendto(answer.encode(), sender)


if __name__ == "__main__":
    serve("0.0.0.0", int(sys.argv[1]))
    print("ready", flush=True)
    answer_probes(sys.argv[2], int(sys.argv[1]))
