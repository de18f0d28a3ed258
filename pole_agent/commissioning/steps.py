"""The one table of steps, and those that a pole has by its configuration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pole_agent.commissioning import identity, light, machine, sight
from pole_agent.commissioning.answers import LIGHT, YES_NO, Question
from pole_agent.commissioning.verdict import Answers, Facts, Verdict
from pole_agent.languages import Phrase, phrase
from pole_agent.settings import Settings

FRAME = "frame"  # the zone of a camera without zones
Questions = Callable[[Facts], list[Question]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`task`: what the person does before anything is looked at; empty: nothing.

    `power`: the board goes off between the task and the look, so the path goes on in another session.
    """

    title: Phrase
    judge: Callable[[Facts, Answers], Verdict]
    task: Phrase | None = None
    questions: Questions = lambda facts: []
    power: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """`subject`: the camera, or camera/zone, or the light, that it is about; empty: the pole."""

    kind: str
    subject: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.subject}" if self.subject else self.kind

    @property
    def of_kind(self) -> Kind:
        return KINDS[self.kind]


def _unless_error(*questions: Question) -> Questions:
    return lambda facts: [] if facts["error"] else list(questions)


def _identity_questions(facts: Facts) -> list[Question]:
    where = f"{facts['latitude']:.5f}, {facts['longitude']:.5f}"
    asked = [Question("plate", phrase("ask-plate", pole=facts["pole"], name=facts["name"], where=where))]
    if facts["formers"] or identity.moved(facts):
        asked.append(Question("replacement", phrase("ask-replacement")))
    return asked


KINDS = {
    "identity": Kind(title=phrase("step-identity"), judge=identity.identity, questions=_identity_questions),
    "clock": Kind(
        title=phrase("step-clock"),
        judge=identity.clock,
        questions=lambda facts: [Question("phone", phrase("ask-phone"), ())],
    ),
    "configuration": Kind(title=phrase("step-configuration"), judge=identity.configuration),
    "night": Kind(title=phrase("step-night"), judge=light.night),
    "lamp": Kind(
        title=phrase("step-lamp"),
        judge=light.lamp,
        task=phrase("task-lamp"),
        questions=lambda facts: [Question("sees", phrase("ask-light"), LIGHT)],
    ),
    "feedback": Kind(title=phrase("step-feedback"), judge=light.feedback),
    "fail_lit": Kind(
        title=phrase("step-fail-lit"),
        judge=light.fail_lit,
        task=phrase("task-fail-lit"),
        questions=lambda facts: [Question("lit", phrase("ask-lit"), YES_NO)],
        power=True,
    ),
    "camera": Kind(
        title=phrase("step-camera"),
        judge=sight.camera,
        questions=_unless_error(Question("right", phrase("ask-right-view"))),
    ),
    "masks": Kind(
        title=phrase("step-masks"),
        judge=sight.masks,
        questions=_unless_error(Question("covered", phrase("ask-covered"))),
    ),
    "walk": Kind(title=phrase("step-walk"), judge=sight.walk, task=phrase("task-walk")),
    "uplink": Kind(title=phrase("step-uplink"), judge=identity.uplink),
    "disk": Kind(title=phrase("step-disk"), judge=machine.disk),
    "board": Kind(title=phrase("step-board"), judge=machine.board),
    "drone": Kind(
        title=phrase("step-drone"),
        judge=machine.drone,
        questions=lambda facts: [Question("stop", phrase("ask-stop"))],
    ),
    "sign": Kind(
        title=phrase("step-sign"),
        judge=machine.sign,
        questions=lambda facts: [Question("hangs", phrase("ask-sign"))],
    ),
}


def steps_of(settings: Settings) -> list[Step]:
    """In the order in which they are done: first what needs nobody outside, last who walks by the cameras."""
    return list(_steps(settings))


def _steps(settings: Settings) -> Iterator[Step]:
    yield from map(Step, ("configuration", "identity", "clock", "disk", "board", "uplink", "night"))
    # Not from dark to full: who knows the order answers by it.
    yield Step("lamp", "dim")
    yield Step("lamp", "full")
    yield Step("lamp", "dark")
    if settings.lamp.feedback is not None:
        yield Step("feedback")
    yield Step("fail_lit")
    for camera in settings.cameras:
        yield Step("camera", camera.name)
        yield Step("masks", camera.name)
        zones = [z.name for z in settings.zones if (z.camera or settings.cameras[0].name) == camera.name]
        for zone in zones or [FRAME]:
            yield Step("walk", f"{camera.name}/{zone}")
    if settings.drone.enabled:
        yield Step("drone")
    if settings.cameras:
        yield Step("sign")
