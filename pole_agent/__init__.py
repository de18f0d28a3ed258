"""The edge agent of a municipal smart pole.

Walk through the rooms in the order in which data flows:

camera/      pictures of the street: RTSP, V4L2, a clip; privacy masks are burned in here
vision/      motion gate, detector (ONNX in its own thread), decoding, appearance
tracking/    detections -> tracks: who is who from frame to frame
incidents/   tracks -> facts -> responses: zones, lines, rules, the life of an incident
trajectories/ what was seen, kept for some days so that rules can be rehearsed; it never leaves the pole
lamp/        programs and nights, presence, overrides, ledger, faults: a pure street light, one state; the pin
drone/       requests for a look from above: gates, approvals, the controller; never a launch
store/       one SQLite file: nothing recorded is lost silently
uplink/      events and states over MQTT; it cannot even see a frame
health/      is the clock right, which part works, systemd

pipeline.py  joins the four rooms of sight, frame by frame
rehearsal/   the judge over trajectories: what would other rules have done?
loops/       joins the rooms: watch, act, light, dispatch, listen, local, answer, upload, report, diagnose
context.py   what almost every loop works with        lifecycle.py  what the loops do at start and end
agent.py     the jobs, from start to stop             compose/      settings in, an agent out

rule_kinds.py  the kinds of rules: one table for judge, settings and statement
languages/     every sentence that a person reads: a code, its facts, and one file a language

settings/    pole.toml as typed values                conduct/      the pole states what it does, for its sign
cli.py       the command line                         doctor/       what is wrong here, and what to do
commissioning/  a pole is taken into service, step by step
commands/    what a user types, one file a command    console/      what commands share
bench/       measures this machine                    simulator/    a dispatcher and a broker on loopback
"""

import os

__version__ = "0.1.0"

# ONNX Runtime 1.32 reports to its vendor unless this is set before it is imported. Set for this process and
# every one that it starts: the agent speaks to nobody who is not in its configuration.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# A JPEG of a few hundred bytes may say that it is as large as a town: OpenCV would take 6 GB for it. Read by
# OpenCV when it is imported; a camera of 8K has less.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 25))
