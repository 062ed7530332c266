"""Errors in families, by who must act. Libraries' exceptions are turned into these where the
library is called."""

from __future__ import annotations

import msgspec

from fluxcc.domain.codes import Code


class FluxccError(Exception):
    """The base of them all."""


class RefusedError(FluxccError):
    """The asker must act: nothing was done. ``code`` says why."""

    def __init__(self, code: Code, *, call: str = "", number: str = "") -> None:
        super().__init__(code.value)
        self.code = code
        self.call = call
        self.number = number


class PbxError(FluxccError):
    """FreeSWITCH or the link to it failed. The daemon retries, or stops where that is useless."""


class PbxRejectedError(PbxError):
    """FreeSWITCH answered with an error; the text is FreeSWITCH's."""


class LinkLostError(PbxError):
    """The link was lost, or an answer did not come in time: whether the command was done is not
    known."""


class LinkAbsentError(LinkLostError):
    """Nothing listens there: FreeSWITCH is down, and may be up the next moment."""


class LinkRefusedError(PbxError):
    """A wrong password or a refused address: an administrator must act, on this configuration or on
    FreeSWITCH's."""


class AddressRefusedError(LinkRefusedError):
    """Not the password: FreeSWITCH's ACL does not have the address from which it is asked."""


class StartError(FluxccError):
    """An administrator must act before this daemon can run; the text says what on."""


class AnotherDaemonError(StartError):
    """Another daemon uses what one alone may use: a store, a socket, a FreeSWITCH."""


class StoreUnavailableError(FluxccError):
    """The store cannot be read or written now. The daemon retries; the text says why."""


class ClockDoubtedError(FluxccError):
    """FreeSWITCH's clock and the machine's differ, so that what is too old is not known."""


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with the configuration."""

    key: str
    """As in the file: ``blocks.duration``."""
    sentence: str
    """What is wrong and what it should be; its ``{names}`` stand for ``facts``."""
    facts: dict[str, str] = {}

    @property
    def problem(self) -> str:
        """The sentence in English."""
        return self.sentence.format(**self.facts)

    def __str__(self) -> str:
        """As ``problem``."""
        return self.problem


class ConfigurationError(FluxccError):
    """The administrator must act. Carries every fault at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.key}: {fault.problem}" for fault in faults))
        self.faults = faults


class SiteUnavailableError(FluxccError):
    """The site's PostgreSQL cannot be read or written now. The daemon goes on without and retries;
    the text says why."""
