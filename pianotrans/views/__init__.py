"""Views of a performance: pictures of its piano roll, and the report, one HTML file to see and hear it.

`assets/shared/` holds the style sheets and scripts that the report shares with the web page.

Nothing here writes a file. Importing this package loads no matplotlib.
"""

from pianotrans.views.comparison import Comparison
from pianotrans.views.report import EncodedAudio, report_html, report_page
from pianotrans.views.roll import PICTURE_FORMATS, draw_roll
from pianotrans.views.spectrum import KeySpectrum, key_spectrum

__all__ = [
    "PICTURE_FORMATS",
    "Comparison",
    "EncodedAudio",
    "KeySpectrum",
    "draw_roll",
    "key_spectrum",
    "report_html",
    "report_page",
]
