"""Who may log in, and whose tokens are taken: the store's entries ``User`` and ``Token``.

Counterparts: ``fluxcc user`` and ``fluxcc token`` make them, ``records`` reads them, ``guards``
asks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fluxcc.domain.provisioning import Account, Entry, Token, User
from fluxcc.web.sessions import digest
from fluxcc.web.visitor import Visitor

READ_AGAIN = 1.0
"""Seconds after which the entries are read again, so that a changed password counts."""


class Accounts:
    """One per process."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Sequence[Entry]]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``read`` returns the store's entries."""
        self._read = read
        self._now = now
        self._read_at = float("-inf")
        self._users: dict[str, User] = {}
        self._tokens: dict[str, Token] = {}
        self._reading = asyncio.Lock()
        # One at a time: each check takes memory and a core on purpose.
        self._checking = ThreadPoolExecutor(1, "password")
        self._hasher = PasswordHasher()
        # Compared with where there is no such user, so that the time does not tell.
        self._nobody = self._hasher.hash("nobody's")

    async def user(self, name: str) -> User | None:
        """The user of that name."""
        await self._refresh()
        return self._users.get(name)

    async def token(self, shown: str) -> Token | None:
        """The token that was shown, if it is one."""
        await self._refresh()
        return self._tokens.get(digest(shown))

    async def log_in(self, name: str, password: str) -> User | None:
        """The user, if it is the password."""
        user = await self.user(name)
        kept = user.password_hash if user else ""
        checked = asyncio.get_running_loop().run_in_executor
        is_right = await checked(self._checking, self._is_password, kept or self._nobody, password)
        return user if kept and is_right else None

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._checking, self._hasher.hash, password)

    def forget(self) -> None:
        """Read the entries again at the next request."""
        self._read_at = float("-inf")

    def close(self) -> None:
        """End its thread."""
        self._checking.shutdown(wait=False, cancel_futures=True)

    def _is_password(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _refresh(self) -> None:
        if self._now() - self._read_at < READ_AGAIN:
            return
        async with self._reading:
            if self._now() - self._read_at < READ_AGAIN:
                return
            entries = await self._read()
            self._users = {each.name: each for each in entries if isinstance(each, User)}
            self._tokens = {each.digest: each for each in entries if isinstance(each, Token)}
            self._read_at = self._now()


def visitor(account: Account) -> Visitor:
    """Who a user or a token's holder is to the rest of the process."""
    return Visitor(
        name=account.name,
        role=account.role,
        domain=account.domain,
        extension=account.extension,
        language=account.language if isinstance(account, User) else "",
        is_token=isinstance(account, Token),
    )
