"""From a performance to its score: beats, bars, hands, rhythm, keys, voices, and the page.

`pianotrans.score` is this room, and as the package's function makes a score:

    score = pianotrans.score(performance, title="Song")
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pianotrans.events import Performance
    from pianotrans.score.score import Score
    from pianotrans.score.settings import ScoreSettings


class _CallableRoom(ModuleType):
    """This module, which can also be called: a function of the same name could not stand beside the folder."""

    def __call__(
        self, performance: "Performance", settings: "ScoreSettings | None" = None, *, title: str = ""
    ) -> "Score":
        """The score of a performance; see `score.making.make_score`."""
        from pianotrans.score.making import make_score

        return make_score(performance, settings, title=title)


sys.modules[__name__].__class__ = _CallableRoom
