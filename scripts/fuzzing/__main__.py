"""Feeds what comes from outside with damaged inputs, steered by coverage (atheris, libFuzzer).

    scripts/fuzz                               ten minutes over all targets
    scripts/fuzz commands cards --minutes 5    these two, five minutes together
    scripts/fuzz --inputs 20000                at most so many inputs of each target
    scripts/fuzz commands --one FILE           run one input and show what becomes of it
    scripts/fuzz --list                        the targets, and how many inputs each had over all runs

How it works. A target is a plain function of bytes (scripts/fuzzing/targets). It gets the seeds, which are
samples and files of the repository, then mutations of whatever reached a new line. The time is shared evenly
among the targets. Where a target ends in native code (OpenCV, SQLite, libsodium), coverage ends there too,
and mutations of what only that code sees are blind; --list says where.

What is a finding. An exception that is not the refusal which the room promises; more than 1 s of a core (5 s
of waiting) for one input, three times in a row; more than 128 MB for one input; an input that ends the
process; and an input that is lost: neither accepted nor refused, or taken for another one.

What is kept. `.cache/fuzz/TARGET/corpus` holds the inputs that reached something new, so the next run goes on
there; `findings` the inputs that are findings, each with a text that says what it is and how to repeat it;
`.cache/fuzz/total.json` counts the inputs of all runs. Seeds that are run count as inputs.
The exit status is 1 with findings, 2 where something could not be run.

To mend a finding: repeat it with --one, mend the kind and not the case, and write an ordinary test with the
input in its shortest form. Then run the target once more.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import traceback
from pathlib import Path

from fuzzing.judge import judged
from fuzzing.kept import Kept
from fuzzing.run import Share, Work
from fuzzing.target import ROOT, Target
from fuzzing.targets import TARGETS, find

KEPT = ROOT / ".cache" / "fuzz"
MINUTES = 10.0
MANY = 10**9


def main() -> int:
    chosen = arguments()
    kept = Kept(KEPT)
    try:
        targets = [find(name) for name in chosen.targets] or list(TARGETS)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    if chosen.list:
        return show(kept)
    if chosen.one is not None:
        if len(chosen.targets) != 1:
            print("--one needs the name of one target before it", file=sys.stderr)
            return 2
        return repeat(targets[0], chosen.one)
    return fuzz(kept, targets, chosen)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="these only (all)")
    parser.add_argument("--inputs", type=int, metavar="N", help="at most N inputs of each target")
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help=f"for all targets together ({MINUTES:g}, or none with --inputs)",
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="targets at a time (1)")
    parser.add_argument("--one", type=Path, metavar="FILE", help="run this input")
    parser.add_argument("--list", action="store_true", help="show the targets and run nothing")
    return parser.parse_args()


def fuzz(kept: Kept, targets: list[Target], chosen: argparse.Namespace) -> int:
    minutes = chosen.minutes or (24 * 60.0 if chosen.inputs else MINUTES)
    jobs = max(1, min(chosen.jobs, len(targets)))
    seconds = minutes * 60 * jobs / len(targets)
    shares = [Share(target=t, left=chosen.inputs or MANY, seconds=seconds) for t in targets]
    print(f"{len(targets)} targets, {jobs} at a time; Ctrl-C ends it, and what was found stays", flush=True)
    try:
        Work(kept, lambda line: print(line, flush=True)).all(shares, jobs)
    except KeyboardInterrupt:
        print("interrupted")
    total = kept.add({s.target.name: s.count for s in shares})
    report(shares, total)
    if any(s.trouble for s in shares):
        return 2
    return 1 if any(s.findings for s in shares) else 0


def report(shares: list[Share], total: int) -> None:
    print(f"\n{'target':16} {'inputs':>12} {'a second':>9} {'coverage':>9} {'findings':>9}")
    for share in shares:
        rate = share.count / share.took_s if share.took_s else 0.0
        print(
            f"{share.target.name:16} {share.count:12,} {rate:9,.0f} {share.coverage:9}"
            f" {len(share.findings):9}  {share.trouble}"
        )
    print(f"{'in this run':16} {sum(s.count for s in shares):12,}\n{'in all runs':16} {total:12,}")
    for share in shares:
        for where, text in share.findings.items():
            print(f"{share.target.name}: {where}\n    {text}")
    if any(s.findings for s in shares):
        print("what each is, and how to repeat it: .cache/fuzz/TARGET/findings/*.txt")


def repeat(target: Target, file: Path) -> int:
    """Run one input, and show everything that becomes of it."""
    logging.disable(logging.CRITICAL)
    data = file.read_bytes()
    print(f"{target.name}: {len(data)} bytes: {data[:500]!r}")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        ready = target.prepare(Path(folder))
        finding = judged(ready.take, data)
        if finding is None:
            print("no finding")
            return 0
        try:
            ready.take(data)
        except Exception:  # noqa: BLE001 - shown
            traceback.print_exc()
    print(f"{finding.kind}: {finding.where}: {finding.text}")
    return 1


def show(kept: Kept) -> int:
    total = kept.total()
    for target in TARGETS:
        blind = f" (not seen into: {target.native})" if target.native else ""
        print(f"{target.name:16} {total.get(target.name, 0):12,}  {target.about}{blind}")
    print(f"{'in all':16} {sum(total.values()):12,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
