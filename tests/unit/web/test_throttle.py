"""How often a password may be tried, by a clock that is stepped."""

from __future__ import annotations

from fluxcc.web.throttle import LIMITS, MOST_KEPT, WITHIN, Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_user_and_an_address_wait_until_the_first_failure_is_old() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(LIMITS["both"]):
        assert throttle.wait("ana", "192.0.2.1") == 0
        throttle.failed("ana", "192.0.2.1")
    assert throttle.wait("ana", "192.0.2.1") == WITHIN
    assert throttle.wait("ana", "192.0.2.2") == 0, "a stranger locks nobody out"
    assert throttle.wait("bia", "192.0.2.1") == 0
    clock.now += WITHIN
    assert throttle.wait("ana", "192.0.2.1") == 0


def test_an_address_that_tries_many_users_waits_for_all() -> None:
    throttle = Throttle(Clock())
    for number in range(LIMITS["address"]):
        throttle.failed(f"user{number}", "192.0.2.1")
    assert throttle.wait("ana", "192.0.2.1") > 0


def test_many_addresses_that_try_one_user_wait() -> None:
    throttle = Throttle(Clock())
    for number in range(LIMITS["user"]):
        throttle.failed("ana", f"192.0.2.{number}")
    assert throttle.wait("ana", "198.51.100.1") > 0


def test_the_right_password_forgets_the_wrong_ones_from_there() -> None:
    throttle = Throttle(Clock())
    for _ in range(LIMITS["both"]):
        throttle.failed("ana", "192.0.2.1")
    throttle.succeeded("ana", "192.0.2.1")
    assert throttle.wait("ana", "192.0.2.1") == 0


def test_an_office_that_logs_in_behind_one_address_is_not_throttled() -> None:
    throttle = Throttle(Clock())
    for number in range(2 * LIMITS["address"]):
        throttle.failed(f"user{number}", "192.0.2.1")
        throttle.succeeded(f"user{number}", "192.0.2.1")
    assert throttle.wait("ana", "192.0.2.1") == 0


def test_what_is_remembered_is_bounded() -> None:
    throttle = Throttle(Clock())
    for number in range(MOST_KEPT):
        throttle.failed(f"user{number}", f"address{number}")
    assert len(throttle._failures) <= MOST_KEPT
