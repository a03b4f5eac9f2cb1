"""What time it is, and waiting: the only place where the room meets a clock, so that tests can bring their own."""

import time


class Timekeeper:
    """The clock of this machine."""

    def now_s(self) -> float:
        """Seconds since some moment in the past."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
