"""How many requests may be in work at the same time, so that one board's burst is nobody else's
delay. What is beyond that is refused at once (``too-many-requests``) and not begun.

Pure. Counterpart: ``board``, which asks for each request that comes and tells when it is answered.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

MOST_OF_AN_AGENT = 16
"""Requests of one agent's. A person clicks one; a board may repeat it."""
MOST_OF_A_BOARD = 400
"""Requests of one board's, or of all that do not name themselves: some hundred agents who click in
the same second."""
MOST_IN_ALL = 1_000
"""Requests of all boards."""
REMEMBERED = 50_000
"""Request IDs that were turned away and are known, so that they are turned away again and one ID is
not both refused and carried out."""

Asker = tuple[str, str, str]
"""Board, agent and domain, as the request names them."""


class Admission:
    """One per daemon."""

    def __init__(self) -> None:
        self._in_work: Counter[Asker] = Counter()
        self._of_board: Counter[str] = Counter()
        self._turned_away: OrderedDict[str, None] = OrderedDict()
        self.turned_away = 0
        """Requests that were turned away since the daemon started."""

    @property
    def in_work(self) -> int:
        """Requests that were admitted and are not answered yet."""
        return self._of_board.total()

    def admit(self, asker: Asker, request: str) -> bool:
        """Whether the request may be begun; ``leave`` tells that it has ended."""
        board = asker[0]
        if (
            request in self._turned_away
            or self._in_work[asker] >= MOST_OF_AN_AGENT
            or self._of_board[board] >= MOST_OF_A_BOARD
            or self.in_work >= MOST_IN_ALL
        ):
            self._turn_away(request)
            return False
        self._in_work[asker] += 1
        self._of_board[board] += 1
        return True

    def leave(self, asker: Asker) -> None:
        """An admitted request is answered."""
        # A Counter keeps what has come down to zero, unless it is subtracted so.
        self._in_work -= Counter((asker,))
        self._of_board -= Counter((asker[0],))

    def _turn_away(self, request: str) -> None:
        self.turned_away += 1
        self._turned_away[request] = None
        if len(self._turned_away) > REMEMBERED:
            self._turned_away.popitem(last=False)
