"""Which pole this is, who runs it and whom to ask."""

from __future__ import annotations

from pole_agent.conduct.words import sentence
from pole_agent.settings import Settings
from pole_agent.settings.pole import PoleSettings
from pole_agent.words import Both

NO_OPERATOR = Both(
    "who runs it is not configured (pole.operator)", "pengelolanya belum diatur (pole.operator)"
)
NO_CONTACT = Both("a contact is not configured (pole.contact)", "kontaknya belum diatur (pole.contact)")


def identity(settings: Settings) -> list[Both]:
    pole = settings.pole
    named = f" ({pole.name})" if pole.name else ""
    return [
        Both(
            f"This is the smart pole {pole.id}{named} of {pole.site}, at {pole.latitude:.4f}, {pole.longitude:.4f}.",
            f"Ini adalah tiang pintar {pole.id}{named} di {pole.site}, pada {pole.latitude:.4f}, {pole.longitude:.4f}.",
        ),
        sentence(_operator(pole, "it")),
        sentence(_contact(pole)),
    ]


def responsible(pole: PoleSettings) -> Both:
    """Who runs the pole and whom to ask, for the sign: one sentence that ends with the contact as it is,
    where there is one.
    """
    operator, contact = _operator(pole, "this pole"), _contact(pole)
    both = Both(f"{operator.en}; {contact.en}", f"{operator.id}; {contact.id}")
    end = -1 if pole.contact else None  # a full stop behind an address would be read as a part of it
    return Both(*(said[:end] for said in sentence(both)))


def _operator(pole: PoleSettings, subject: str) -> Both:
    if not pole.operator:
        return NO_OPERATOR
    return Both(f"{subject} is run by {pole.operator}", f"tiang ini dikelola oleh {pole.operator}")


def _contact(pole: PoleSettings) -> Both:
    if not pole.contact:
        return NO_CONTACT
    return Both(f"questions and complaints: {pole.contact}", f"pertanyaan dan keluhan: {pole.contact}")
