"""Alarms, dashboard and ``docs/watching.md`` speak of what there is, and of all of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector

import fluxcc
from fluxcc.watching import actions, collector

PACKAGE = Path(fluxcc.__file__).parent
DOCS = PACKAGE.parent / "docs"
WATCHING = (DOCS / "watching.md").read_text(encoding="utf-8")
DASHBOARD = json.loads((DOCS / "grafana" / "fluxcc.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))

OURS = collector.NAMES | actions.NAMES
PROCESS = {
    f"{family.name}_total" if family.type == "counter" else family.name
    for family in ProcessCollector(registry=CollectorRegistry()).collect()
}
KNOWN = OURS | PROCESS | {f"{actions.TIMED}_{tail}" for tail in ("bucket", "sum", "count")} | {"up"}
METRIC = re.compile(r"\b(?:fluxcc|process)_\w+|\bup\b")
LABELS = re.compile(r"\{([^}]*)\}|by \(([^)]*)\)")
JSON_ALONE = {"time", "level", "logger", "message", "trace"}


def metrics_of(expression: str) -> set[str]:
    """The metrics that a PromQL expression reads."""
    return set(METRIC.findall(LABELS.sub("", expression)))


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def section(title: str) -> str:
    """A section of docs/watching.md."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", WATCHING, re.M | re.S)
    assert found
    return found[1]


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


# Metrics


def test_every_metric_is_explained_and_none_that_is_not_there() -> None:
    assert set(METRIC.findall(section("Metrics"))) == OURS | PROCESS


def test_every_value_of_a_label_is_named() -> None:
    told = section("Metrics")
    for words in (
        ("action", "status", "code", "change", "result", "kind", "level"),
        ("blocked", "renewed", "released", "expired", "taken", "malformed"),
        ("calls", "surveys", "blocks", "audit", "INFO", "WARNING", "ERROR", "CRITICAL"),
    ):
        assert not [word for word in words if f"`{word}`" not in told]


# Alarms


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alarm_reads_metrics_that_are_there_and_says_what_is_wrong(rule: dict[str, Any]) -> None:
    assert metrics_of(rule["expr"])
    assert metrics_of(rule["expr"]) <= KNOWN
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["expr"].count("(") == rule["expr"].count(")")


def test_every_alarm_is_explained_and_none_that_is_not_there() -> None:
    assert re.findall(r"^\| `(\w+)` \|", section("Alarms"), re.M) == [r["alert"] for r in rules()]


# Dashboard


def test_the_dashboard_reads_metrics_that_are_there() -> None:
    for expression in expressions():
        assert metrics_of(expression) <= KNOWN, expression


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    shown = set().union(*map(metrics_of, expressions()))
    hidden = OURS - shown - {actions.TIMED, "fluxcc_retention_last_success_timestamp_seconds"}
    assert hidden == set()


def test_the_dashboards_panels_have_ids_and_places_of_their_own() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


# The log


def keys() -> set[str]:
    """The facts of every record that the package logs, as far as they are written out."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if {"lab", "simulator"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_facts = isinstance(node, ast.keyword) and node.arg == "extra"
            if is_facts and isinstance(node.value, ast.Dict):
                names = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
                found |= {str(name) for name in names}
    return found


def test_every_key_of_the_log_is_explained_and_none_that_is_not_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section("The log"), re.M)
    told = set(re.findall(r"`(\w+)`", " ".join(rows)))
    counted = {"calls", "surveys", "blocks", "audit"}
    assert told == keys() | JSON_ALONE | counted
