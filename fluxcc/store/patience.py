"""A lock that is waited for only so long. Counterpart: ``sql_store``."""

from __future__ import annotations

import threading
from types import TracebackType

from fluxcc.domain.errors import StoreUnavailableError


class PatientLock:
    """A lock whose holder may hang: entering it raises ``StoreUnavailableError`` after
    ``patience`` seconds."""

    def __init__(self, patience: float) -> None:
        self._lock = threading.Lock()
        self._patience = patience

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._patience):
            raise StoreUnavailableError(
                f"something before it has not ended for {self._patience:g} s"
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
