"""The rules for Prometheus and the dashboard of Grafana: each name is one of the agent's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pole_agent.health.metrics import text
from tests.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
RULES = EXAMPLES / "prometheus" / "pole-agent.rules.yml"
DASHBOARD = json.loads((EXAMPLES / "grafana" / "pole-agent.json").read_text())
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    not PROMTOOL, reason="needs promtool, which checks PromQL: apt install prometheus"
)
# A pole that knows everything of itself.
HEALTH = json.loads((ROOT / "docs" / "samples" / "health.json").read_text()) | {
    "temperature_c": 51.0,
    "throttled": False,
    "sent": {"bytes": {"incident.opened": 700}, "events": {"incident.opened": 1}},
    "link": {
        "interface": "wlan0",
        "carrier": True,
        "signal_dbm": -61,
        "received_mb": 1.0,
        "sent_mb": 2.0,
        "errors": 0,
    },
}
OF_THE_SCRAPE = {"instance", "job"}
FUNCTIONS = {"sum", "count", "increase", "rate", "resets", "vector", "by", "without", "and", "or"}
GROUPING = re.compile(r"\b(by|without) \(([a-z_, ]*)\)")
SELECTOR = re.compile(r"([a-z_0-9]+)?(?:\{([^}]*)\})")


def exposed() -> dict[str, set[str]]:
    """Each metric of the agent with its labels; and Prometheus' own `up`."""
    found: dict[str, set[str]] = {"up": set()}
    for line in text(HEALTH, "1.0").splitlines():
        if not line.startswith("#"):
            name, _, labels = line.partition("{")
            of = found.setdefault(name.split(" ")[0], set())
            of |= set(re.findall(r"([a-z_]+)=\"", labels))
    return found


def rules() -> list[str]:
    return re.findall(r"^\s+expr: (.*)$", RULES.read_text(), re.MULTILINE)


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def unknown(expression: str) -> set[str]:
    """Names in a PromQL expression that the agent does not have, and labels that a metric does not have."""
    metrics, wrong = exposed(), set()
    for name, selector in SELECTOR.findall(expression):
        labels = set(re.findall(r"([a-z_]+)\s*=?[=!~]", selector))
        wrong |= {f"{name}{{{label}}}" for label in labels - metrics.get(name, set()) - OF_THE_SCRAPE}
    every = set().union(*metrics.values()) | OF_THE_SCRAPE
    for _, labels in GROUPING.findall(expression):
        wrong |= set(re.findall("[a-z_]+", labels)) - every
    bare = GROUPING.sub("", re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", "", expression))
    return wrong | (set(re.findall(r"[a-z_][a-z_0-9]*", bare)) - metrics.keys() - FUNCTIONS)


def test_a_name_that_is_not_there_is_found() -> None:
    """The check bites: a misspelt metric, label, or grouping."""
    assert unknown("rate(pole_agent_sent_byte_total[5m])") == {"pole_agent_sent_byte_total"}
    assert unknown('pole_agent_part_ok{component="x"}') == {"pole_agent_part_ok{component}"}
    assert unknown("sum by (verdikt) (pole_agent_verdicts)") == {"verdikt"}


@pytest.mark.parametrize("expression", rules() + queries())
def test_every_name_is_a_metric_of_the_agent(expression: str) -> None:
    assert unknown(expression) == set()


def test_the_rules_say_what_to_do() -> None:
    """Each alert has a severity, a summary and a description."""
    text = RULES.read_text()
    alerts = re.findall(r"- alert: (\w+)", text)
    assert len(alerts) == len(set(alerts)) == len(rules()) == 11
    for key in ("labels: { severity: ", "summary: ", "description: "):
        assert text.count(key) == len(alerts), key


def test_the_dashboard_has_the_shape_of_grafana() -> None:
    """Panels with places that do not overlap, queries with the chosen data source, and its two variables."""
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["pole"]["definition"] == "label_values(pole_agent_info, instance)"
    assert DASHBOARD["schemaVersion"] >= 36
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        assert panel["type"] in ("stat", "table", "timeseries")
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert grid["x"] + grid["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert [target["refId"] for target in panel["targets"]] == ["A", "B"][: len(panel["targets"])]
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def promtool(*arguments: Any) -> str:
    done = subprocess.run([str(PROMTOOL), *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    """promtool takes them, and each fires where it should and nowhere else."""
    assert "11 rules found" in promtool("check", "rules", RULES)
    cases = (ROOT / "tests" / "adapters" / "rules.test.yml").read_text()
    (tmp_path / "rules.test.yml").write_text(cases.replace("RULES", str(RULES)))
    promtool("test", "rules", tmp_path / "rules.test.yml")


@needs_promtool
def test_prometheus_takes_the_queries(tmp_path: Path) -> None:
    """With a pole and an interval in the place of Grafana's variables."""
    lines = ["groups:", "- name: dashboard", "  rules:"]
    for number, query in enumerate(queries()):
        expression = query.replace("$pole", ".*").replace("$__rate_interval", "5m")
        lines += [f"  - record: query_{number}", f"    expr: {json.dumps(expression)}"]
    (tmp_path / "queries.yml").write_text("\n".join(lines))
    assert f"{len(queries())} rules found" in promtool("check", "rules", tmp_path / "queries.yml")
