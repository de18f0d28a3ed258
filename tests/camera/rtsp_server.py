"""An RTSP server for the tests, run with Debian's Python: GStreamer's, with test pictures.

    /usr/bin/python3 rtsp_server.py PORT LOCKED_PORT USER PASSWORD

On PORT: /h264 /h265 /mjpeg (320x240, 10 a second), /two (2 a second), /udp (by UDP only) and /resize
(640x480 after 1.5 s). On LOCKED_PORT: /secret, which asks for USER and
PASSWORD.
Prints "ready" when it listens; ends when its standard input does.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

SOURCE = "videotestsrc is-live=true pattern=ball ! videoconvert ! videoscale ! capsfilter name=size caps="
SMALL = "video/x-raw,format=I420,width=320,height=240,framerate=10/1"
LARGE = "video/x-raw,format=I420,width=640,height=480,framerate=10/1"
H264 = (
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay config-interval=-1 name=pay0"
    " pt=96"
)
H265 = (
    "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay config-interval=-1 name=pay0"
    " pt=96"
)
MJPEG = "jpegenc ! rtpjpegpay name=pay0 pt=26"
RESIZE_AFTER_MS = 1500


def enlarge(_factory: object, media: GstRtspServer.RTSPMedia) -> None:
    caps = media.get_element().get_by_name("size")
    GLib.timeout_add(RESIZE_AFTER_MS, lambda: caps.set_property("caps", Gst.Caps.from_string(LARGE)))


def serve(port: str, paths: dict[str, str], login: str | None = None) -> GstRtspServer.RTSPServer:
    """Start a server; with `login` (of make_basic) it asks everybody for it."""
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    permissions = GstRtspServer.RTSPPermissions()
    for permission in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("viewer", permission, True)
    for path, encoder in paths.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            f"( {SOURCE}{SMALL if path != '/two' else SMALL.replace('10/1', '2/1')} ! {encoder} )"
        )
        factory.set_shared(True)
        if path == "/udp":
            factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        if login:
            factory.set_permissions(permissions)
        if path == "/resize":
            factory.connect("media-configure", enlarge)
        server.get_mount_points().add_factory(path, factory)
    if login:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(login, token)
        server.set_auth(auth)
    server.attach(None)
    return server


def main() -> None:
    port, locked_port, user, password = sys.argv[1:5]
    Gst.init(None)
    servers = [
        serve(
            port, {"/h264": H264, "/h265": H265, "/mjpeg": MJPEG, "/resize": H264, "/two": H264, "/udp": H264}
        ),
        serve(locked_port, {"/secret": H264}, GstRtspServer.RTSPAuth.make_basic(user, password)),
    ]
    loop = GLib.MainLoop()
    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    print("ready", flush=True)
    loop.run()
    del servers


if __name__ == "__main__":
    main()
