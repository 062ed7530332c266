"""``tests/unit/`` mirrors ``fluxcc/``: the tests of a module are found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluxcc

PACKAGE = Path(fluxcc.__file__).parent
TESTS = Path(__file__).parent
FILES = sorted(str(file.relative_to(TESTS)) for file in TESTS.rglob("test_*.py"))
WITHOUT_MODULE = {
    "cli/test_imports.py": "what each command may import",
    "config/test_password.py": "where the password may show, in settings, logs and tracebacks",
    "core/calls/test_recorded_shapes.py": "recorded shapes of calls through all of core.calls",
    "actions/test_protected.py": "every action that meets a protected number",
    "core/blocks/test_interleavings.py": "all that acts on a number, in any order, on a stage",
    "core/test_privacy.py": "a caller's privacy through all of the core",
    "core/test_recorded_calls.py": "recorded calls through pbx.events and all of core.calls",
    "core/calls/test_any_sequence.py": "any sequence of events through all of core.calls",
    "web/test_templates.py": "what all templates say where there is nothing",
    "lab/simulator/test_calls.py": "whole calls through the simulator",
    "lab/simulator/test_lab.py": "the simulator as lab.simulated starts it, a process of its own",
    "lab/simulator/test_modules_and_xml.py": "several files of lab/simulator/api",
    "lab/simulator/test_recorded_calls.py": "whole calls, beside those recorded on FreeSWITCH",
    "test_citations.py": "code and documents",
    "test_document_numbers.py": "documents and code",
    "test_documents.py": "documents and code",
    "test_fuzz.py": "fuzz/",
    "test_hostile_text.py": "the same hostile texts at every door of the program",
    "test_layout.py": "tests/unit/ itself",
    "test_packaging.py": "packaging/",
    "test_prose.py": "the words of docstrings, comments and log lines",
    "test_structure.py": "the package's files and their imports",
    "test_watching_documents.py": "documents, alarms and dashboard beside the metrics",
}
"""File → what it is about in place of one module."""


def module_of(test: str, package: Path = PACKAGE) -> Path | None:
    """The module that ``a/test_b.py`` or ``a/test_b_of_some_kind.py`` is about: ``a/b.py``."""
    path = Path(test)
    words = path.stem.split("_")[1:]
    for count in range(len(words), 0, -1):
        module = package / path.parent / f"{'_'.join(words[:count])}.py"
        if module.exists():
            return module
    return None


@pytest.mark.parametrize("test", [file for file in FILES if file not in WITHOUT_MODULE])
def test_a_test_stands_where_its_module_does(test: str) -> None:
    assert module_of(test), f"there is no such module in fluxcc/{Path(test).parent}"


def test_what_has_no_module_is_there_and_has_none() -> None:
    assert set(WITHOUT_MODULE) <= set(FILES)
    assert [test for test in WITHOUT_MODULE if module_of(test)] == []


def test_a_module_is_found_by_its_whole_name_first(tmp_path: Path) -> None:
    for name in ("session.py", "session_jobs.py"):
        (tmp_path / name).touch()
    assert module_of("test_session_jobs.py", tmp_path) == tmp_path / "session_jobs.py"
    assert module_of("test_session_on_a_bad_day.py", tmp_path) == tmp_path / "session.py"
    assert module_of("test_sessions.py", tmp_path) is None
    assert module_of("elsewhere/test_session.py", tmp_path) is None
