"""The edge agent of a municipal smart pole.

Walk through the rooms in the order in which data flows:

camera/      pictures of the street: RTSP, V4L2, a clip; privacy masks are burned in here
vision/      motion gate, detector (ONNX in its own thread), decoding, appearance
tracking/    detections -> tracks: who is who from frame to frame
incidents/   tracks -> facts -> responses: zones, lines, rules, the life of an incident
lamp/        programs and nights, presence, overrides, ledger, faults; the controller; the pin
drone/       requests for a look from above, their gates, their life; never a launch
store/       one SQLite file: nothing recorded is lost silently
uplink/      events and states over MQTT; it cannot even see a frame
health/      is the clock right, which part works, systemd

conduct/     the pole states what it does, for the sign beside it           doctor/    what is wrong here, and what to do
loops/       joins the rooms: watch, light, dispatch, listen, local, upload, beat, report, diagnose
compose/     the only place that names concrete classes     agent.py   the jobs, start and stop
settings/    pole.toml as typed values                       cli.py     the command line, one file a command in commands/
"""

import os

__version__ = "0.1.0"

# ONNX Runtime 1.32 reports to its vendor unless this is set before it is imported. Set for this process and every one that it starts:
# the agent speaks to nobody who is not in its configuration.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
