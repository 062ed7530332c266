"""The spool: one folder, for the survey's script and the daemon alike."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fluxcc.config import PbxSettings, Settings, SurveySettings
from fluxcc.doctor import spool
from fluxcc.doctor.finding import State
from fluxcc.domain.provisioning import Entry, Group
from fluxcc.pbx.contexts import FUSIONPBX, Server
from fluxcc.pbx.inquiry import SurveyFaults
from fluxcc.protocol.operators import DaemonStatus

from .builders import FAR, STATUS, FakeInquiry, codes, installation


def is_down() -> DaemonStatus:
    """The daemon does not answer."""
    raise ConnectionRefusedError


def with_spool(folder: object) -> Settings:
    return Settings(survey=SurveySettings(spool=str(folder)))


def test_freeswitchs_storage_is_the_spool(tmp_path: Path) -> None:
    inquiry = FakeInquiry(variables={"storage_dir": str(tmp_path)})
    assert codes(spool.check_spool(installation(inquiry))) == []


def test_another_folder_is_set_for_both(tmp_path: Path) -> None:
    variables = {"storage_dir": "/nowhere", "fluxcc_survey_spool": str(tmp_path)}
    inquiry = FakeInquiry(variables=variables)
    assert codes(spool.check_spool(installation(inquiry, settings=with_spool(tmp_path)))) == []


def test_a_folder_that_only_the_daemon_knows_is_warned_of(tmp_path: Path) -> None:
    inquiry = FakeInquiry(variables={"storage_dir": "/nowhere"})
    found = codes(spool.check_spool(installation(inquiry, settings=with_spool(tmp_path))))
    assert found == ["spool-elsewhere"]


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([], State.WARNING),
        ([Group("sales")], State.WARNING),
        ([Group("sales", has_survey=True)], State.GRAVE),
    ],
)
def test_a_folder_that_is_not_there_is_grave_where_there_are_surveys(
    entries: list[Entry], state: State
) -> None:
    inquiry = FakeInquiry(variables={"storage_dir": "/nowhere"})
    (finding,) = spool.check_spool(installation(inquiry, entries=entries, status=is_down))
    assert (finding.code, finding.state) == ("spool-not-read", state)


def test_the_daemon_is_asked_whether_it_can_read_the_spool(tmp_path: Path) -> None:
    """Root, who runs ``doctor``, can read every folder, and tells nothing about the daemon."""
    inquiry = FakeInquiry(variables={"storage_dir": str(tmp_path)})
    status = msgspec.structs.replace(STATUS, spool_unread="/spool: Permission denied")
    found = list(spool.check_spool(installation(inquiry, status=lambda: status)))
    assert codes(found) == ["spool-not-read"]
    assert found[0].facts["reason"] == "/spool: Permission denied"


def test_each_file_that_stays_in_the_spool_is_told(tmp_path: Path) -> None:
    inquiry = FakeInquiry(variables={"storage_dir": str(tmp_path)})
    status = msgspec.structs.replace(STATUS, spool_files={"a.done": "Not a regular file"})
    (finding,) = spool.check_spool(installation(inquiry, status=lambda: status))
    assert (finding.code, finding.facts["file"]) == ("spool-file-left", "a.done")


def test_freeswitch_is_asked_whether_it_can_write_the_spool(tmp_path: Path) -> None:
    faults = SurveyFaults([], "/spool: Permission denied")
    inquiry = FakeInquiry(variables={"storage_dir": str(tmp_path)}, survey_faults=faults)
    assert codes(spool.check_spool(installation(inquiry))) == ["spool-not-written"]


def test_a_far_spool_is_said_to_be_far() -> None:
    inquiry = FakeInquiry(variables={"storage_dir": "/var"})
    assert codes(spool.check_spool(installation(inquiry, settings=FAR))) == [
        "spool-on-another-machine"
    ]


def test_a_far_freeswitch_may_share_a_folder(tmp_path: Path) -> None:
    settings = Settings(
        pbx=PbxSettings(host="10.0.0.5"), survey=SurveySettings(spool=str(tmp_path))
    )
    inquiry = FakeInquiry(variables={"fluxcc_survey_spool": str(tmp_path)})
    assert codes(spool.check_spool(installation(inquiry, settings=settings))) == []


def test_on_fusionpbx_the_drop_in_lets_the_daemon_read_the_spool(tmp_path: Path) -> None:
    inquiry = FakeInquiry(
        variables={"storage_dir": str(tmp_path)}, server=Server("mod_lua", FUSIONPBX)
    )
    status = msgspec.structs.replace(STATUS, spool_unread="/spool: Permission denied")
    (finding,) = spool.check_spool(installation(inquiry, status=lambda: status))
    assert "systemd/fusionpbx.conf" in finding.remedy
