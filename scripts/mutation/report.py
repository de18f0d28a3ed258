"""The numbers, and the survivors with what changed."""

from __future__ import annotations

from typing import Any

from mutation.mutants import Mutant
from mutation.project import Equivalent, Project


def change(mutant: Mutant) -> str:
    """On one line."""
    old, new = (" ".join(text.split()) for text in (mutant.old_text, mutant.new_text))
    return (
        f"{mutant.kind}: {old}  =>  {new}"
        if len(old) + len(new) < 160
        else f"{mutant.kind}: {old[:75]}…  =>  …{mutant.new or '(nothing)'}"
    )


def reason(mutant: Mutant, equivalents: list[Equivalent]) -> str | None:
    """Why it is called equivalent, if it is."""

    def plain(text: str) -> str:
        return " ".join(text.split())

    for entry in equivalents:
        if (entry.file, plain(entry.old), plain(entry.new)) == (
            mutant.file,
            plain(mutant.old_text),
            plain(mutant.new_text),
        ):
            return entry.why
    return None


def summary(
    project: Project,
    mutants: list[Mutant],
    results: dict[str, dict[str, Any]],
    equivalent: dict[str, str],
    gone: list[dict[str, str]],
    took_s: float,
) -> dict[str, Any]:
    files: dict[str, dict[str, int]] = {}
    survivors = []
    for mutant in mutants:
        counts = files.setdefault(
            mutant.file, {"mutants": 0, "killed": 0, "equivalent": 0, "survived": 0, "not run": 0}
        )
        result = results.get(mutant.id, {})
        if result.get("outcome") == "no module":
            continue  # not counted
        outcome = "equivalent" if mutant.id in equivalent else result.get("outcome", "not run")
        counts["mutants"] += 1
        counts[outcome] += 1
        if outcome == "survived":
            survivors.append(
                {
                    "id": mutant.id,
                    "file": mutant.file,
                    "line": mutant.line,
                    "kind": mutant.kind,
                    "old": mutant.old_text,
                    "new": mutant.new_text,
                }
                | {"why": result.get("why", ""), "diff": mutant.diff(project.source(mutant.file))}
            )
    total = {
        key: sum(counts[key] for counts in files.values())
        for key in ("mutants", "killed", "equivalent", "survived", "not run")
    }
    tried = total["killed"] + total["survived"]
    ran = [results[m.id] for m in mutants if m.id in results]
    return {
        "total": total,
        "percent": round(100 * total["killed"] / tried, 1) if tried else 100.0,
        "percent equivalent": (
            round(100 * total["equivalent"] / total["mutants"], 1) if total["mutants"] else 0.0
        ),
        "seconds each": round(sum(r["seconds"] for r in ran) / len(ran), 2) if ran else 0.0,
        "processor seconds each": (
            round(sum(r.get("processor_s", 0.0) for r in ran) / len(ran), 2) if ran else 0.0
        ),
        "took_s": round(took_s, 1),
        "files": files,
        "gone": gone,
        "shaky": sorted({test for result in results.values() for test in result.get("shaky", ())}),
        "survivors": survivors,
    }


def text(told: dict[str, Any]) -> str:
    lines = [""]
    for survivor in told["survivors"]:
        lines += [
            (
                f"survived: {survivor['id']}  {survivor['file']}:{survivor['line']}  {survivor['kind']} "
                f" ({survivor['why']})"
            ),
            survivor["diff"],
            "",
        ]
    if told["survivors"]:
        lines += [
            (
                "One that nobody can see goes into tests/mutation/equivalent.toml: file, lines before (old)"
                " and after (new), why."
            ),
            "",
        ]
    lines += [f"gone, so not planted: {entry['file']}: {entry['note']}" for entry in told["gone"]]
    lines += [f"failed without a mutant too, so not asked: {test}" for test in told["shaky"]]
    columns = ("mutants", "killed", "equivalent", "survived", "not run")
    lines.append(f"{'':32}" + "".join(f"{name:>11}" for name in columns))
    for file, counts in told["files"].items():
        lines.append(f"{file:32}" + "".join(f"{counts[name]:11}" for name in columns))
    lines.append(f"{'all':32}" + "".join(f"{told['total'][name]:11}" for name in columns))
    lines.append(
        f"{told['percent']} % killed of those that are not equivalent; {told['percent equivalent']} %"
        f" equivalent; {told['seconds each']} s for each one ({told['processor seconds each']} s of a"
        f" processor); {told['took_s'] / 60:.1f} min in all"
    )
    return "\n".join(lines) + "\n"
