"""The modules of FreeSWITCH's that are needed."""

from __future__ import annotations

import pytest

from fluxcc.doctor import modules

from .builders import FakeInquiry, codes, installation


def test_every_module_is_there() -> None:
    assert codes(modules.check_modules(installation(FakeInquiry(modules=modules.NEEDED)))) == []


@pytest.mark.parametrize("missing", modules.NEEDED)
def test_a_missing_module_is_grave(missing: str) -> None:
    inquiry = FakeInquiry(modules=tuple({*modules.NEEDED} - {missing}))
    (finding,) = modules.check_modules(installation(inquiry))
    assert (finding.code, finding.facts) == ("module-missing", {"module": missing})
