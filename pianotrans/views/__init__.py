"""What a performance looks and sounds like: piano-roll pictures, and the report that is one HTML file.

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
