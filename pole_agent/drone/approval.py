"""Who may let it fly: signed approvals, and standing ones for patrols. Pure.

An officer signs a text that a person can read; the pole builds the same text from its own request and checks
the signature (Ed25519, RFC 8032). So an approval holds for one request at one pole, to one place, until one
moment, once. Who controls the broker can cancel and deny, which is always safe, but cannot approve.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pole_agent.almanac import from_rfc3339, rfc3339
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase

FIRST_LINE = "pole-agent approval 1"
NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
SIGNATURE_BYTES = 64
# An approval that may wait longer than this to be heard is refused: nonces are not kept for ever
LONGEST_S = 24 * 3600.0
LONGEST_STANDING_S = 366 * 86_400.0
LATEST = 4_102_444_800.0  # 2100: a later wall time was damaged
# What damaged JSON can raise
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
Cause = Literal["unsigned", "unknown_officer", "malformed", "expired", "replayed", "forged", "clock"]
Verify = Callable[[str, bytes, bytes], bool]  # public key in base64, signature, text


class ApprovalRefused(CommandRefused):
    """An approval that does not count. `cause` is what is counted."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Signature:
    """What comes with a signed approval. `expires` is what was signed, as it was written."""

    nonce: str
    expires: str
    value: bytes

    @property
    def until(self) -> float:
        return from_rfc3339(self.expires)


def text(pole: str, what: Mapping[str, str], by: str, nonce: str, expires: str) -> str:
    """What is signed: one fact a line. `what` are the facts of the request or of the plan, in this order."""
    lines = {"pole": pole, **what, "approved by": by, "nonce": nonce, "approval expires": expires}
    return "\n".join((FIRST_LINE, *(f"{name}: {value}" for name, value in lines.items()))) + "\n"


def read_signature(payload: Any) -> Signature:
    """Read the `signature` of an approval. Raises ApprovalRefused."""
    match payload:
        case {"nonce": str(nonce), "expires_at": str(expires), "value": str(value), **rest} if not rest:
            pass
        case None:
            raise ApprovalRefused("unsigned", phrase("approval-unsigned"))
        case _:
            raise ApprovalRefused(
                "malformed",
                phrase("signature-incomplete"),
            )
    if not NONCE.fullmatch(nonce):
        raise ApprovalRefused("malformed", phrase("nonce-invalid"))
    try:
        if len(expires) > 40:
            raise ValueError
        from_rfc3339(expires)
    except ValueError:
        raise ApprovalRefused("malformed", phrase("signature-time-invalid")) from None
    try:
        blob = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if len(blob) != SIGNATURE_BYTES:
        raise ApprovalRefused("malformed", phrase("signature-value-invalid", bytes=SIGNATURE_BYTES))
    return Signature(nonce, expires, blob)


@dataclass(frozen=True, slots=True)
class Office:
    """Who may approve: the public keys by name, empty when signatures are not asked for; and how a signature
    is checked.
    """

    pole: str
    keys: Mapping[str, str]
    verify: Verify

    def accepts(self, key: str) -> bool:
        """Does an approval by this key (empty: unsigned) still count, with the officers of now?"""
        return key in self.keys.values() if self.keys else not key

    def check(
        self, payload: Any, by: str, what: Mapping[str, str], used: frozenset[str], wall: float | None
    ) -> Signature | None:
        """Raise ApprovalRefused unless the signature counts now (`wall` None: the clock is not trusted).

        None where nobody signs.
        """
        if not self.keys:
            return None
        signature = read_signature(payload)
        key = self.keys.get(by)
        if key is None:
            raise ApprovalRefused("unknown_officer", phrase("officer-unknown", by=f"{by!r}"))
        if wall is None:
            raise ApprovalRefused("clock", phrase("approval-age-unknown"))
        if not wall < signature.until <= wall + LONGEST_S:
            raise ApprovalRefused("expired", phrase("approval-expired"))
        if signature.nonce in used:
            raise ApprovalRefused("replayed", phrase("approval-used"))
        if not self.verify(
            key, signature.value, text(self.pole, what, by, signature.nonce, signature.expires).encode()
        ):
            raise ApprovalRefused("forged", phrase("signature-wrong", by=by))
        return signature


# --- standing approvals


@dataclass(frozen=True, slots=True)
class Standing:
    """One plan may fly until a date.

    `plan` is the plan as it was approved: a changed plan needs a new approval.
    """

    plan: str
    by: str
    until: float  # wall seconds
    key: str = ""  # the public key that signed it


@dataclass(frozen=True, slots=True)
class StandingBook:
    """The standing approvals by the name of the plan, and the nonces that were used for them."""

    approvals: Mapping[str, Standing] = field(default_factory=dict)
    # Until when each must be remembered, wall seconds
    nonces: Mapping[str, float] = field(default_factory=dict)
    # Wall seconds. Earlier nonces could not be read, so no signed approval counts until then
    closed_until: float = 0.0

    def approved(
        self, name: str, standing: Standing, signature: Signature | None, wall: float
    ) -> StandingBook:
        kept = {n: until for n, until in self.nonces.items() if until > wall}
        if signature is not None:
            kept[signature.nonce] = signature.until
        return StandingBook({**self.approvals, name: standing}, kept, self.closed_until)

    def revoked(self, name: str) -> StandingBook:
        return replace(self, approvals={n: s for n, s in self.approvals.items() if n != name})

    def of(self, name: str, plan: str, wall: float) -> Standing | None:
        """The approval that covers this plan, as it is written now, at this moment."""
        found = self.approvals.get(name)
        return found if found is not None and found.plan == plan and wall < found.until else None

    def dump(self) -> str:
        approvals = {n: asdict(s) for n, s in self.approvals.items()}
        return json.dumps(
            {"approvals": approvals, "nonces": dict(self.nonces), "closed_until": self.closed_until}
        )

    @classmethod
    def load(cls, kept: str | None) -> StandingBook:
        """Read what `dump` wrote. Raises one of UNREADABLE for anything else."""
        if kept is None:
            return cls()
        document = json.loads(kept)
        approvals = {
            str(n): Standing(str(s["plan"]), str(s["by"]), _moment(s["until"]), str(s.get("key", "")))
            for n, s in document["approvals"].items()
        }
        nonces = {str(n): _moment(until) for n, until in document.get("nonces", {}).items()}
        return cls(approvals, nonces, _moment(document.get("closed_until", 0.0)))


def _moment(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise ValueError(phrase("wall-time-invalid", value=f"{value!r}"))
    return float(value)


def facts_of(message: Mapping[str, Any]) -> dict[str, str]:
    """What an officer signs of a ``drone/request`` message: what will fly, where and until when.

    Raises KeyError, TypeError or ValueError for another message.
    """
    target = message["target"]
    radius = target["radius_m"] if message["origin"] == "patrol" else target["uncertainty_m"]
    return {
        "request": str(message["request_id"]),
        "asked by": f"{message['origin']} {message['rule']}",
        "place": f"{target['latitude']:.6f} {target['longitude']:.6f}",
        "radius": f"{radius:.1f} m",
        "altitude above ground": f"{target['altitude_agl_m']:.1f} m",
        "request expires": str(message["expires_at"]),
    }


def plan_facts(name: str, plan: str, until: float) -> dict[str, str]:
    """What an officer signs for a standing approval."""
    return {"standing approval of patrol": name, "plan": plan, "until": rfc3339(until)}
