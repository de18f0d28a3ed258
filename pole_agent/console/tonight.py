"""The program of a night, drawn."""

from __future__ import annotations

import argparse
import json
import math
import time
from datetime import datetime
from datetime import time as time_of_day

from pole_agent import compose
from pole_agent.almanac import night_of, rfc3339
from pole_agent.console.speech import say
from pole_agent.errors import PoleAgentError
from pole_agent.lamp.drawing import draw
from pole_agent.lamp.survey import survey
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.load import load_or_last_good


def settings_of(arguments: argparse.Namespace) -> Settings:
    return load_or_last_good(arguments.config).settings


def tonight(arguments: argparse.Namespace) -> None:
    settings = settings_of(arguments)
    plan = compose.plan_of(settings)
    wall = time.time()
    if arguments.date is not None:
        # The evening of that date: midnight lies in its night, wherever the pole stands.
        try:
            wall = datetime.combine(arguments.date, time_of_day(23, 59), plan.place.zone).timestamp()
        except (ValueError, OverflowError):
            wall = math.nan
    try:
        night = night_of(wall, plan.place)
        plan.stretches(night)
    except (ValueError, OverflowError):
        raise PoleAgentError(phrase("date-at-edge", date=arguments.date)) from None
    if arguments.json:
        print(
            json.dumps(
                {
                    "evening": str(night.date),
                    "program": plan.program_of(night.date),
                    "stretches": [
                        {"from": rfc3339(p.start), "to": rfc3339(p.end), "level": p.level, "dark": p.dark}
                        for p in plan.stretches(night)
                    ],
                }
            )
        )
        return
    for line in draw(
        plan, night, settings.lamp.rated_w, 0.0 if settings.lamp.part_night else settings.lamp.floor
    ):
        say(arguments, line)
    for spell in survey(plan, wall, 1):
        if not spell.lit:
            floor = f"{settings.lamp.floor:.0%}"
            kept = phrase("night-partly-dark-floor", floor=floor)
            say(arguments, phrase("night-partly-dark") if settings.lamp.part_night else kept)
