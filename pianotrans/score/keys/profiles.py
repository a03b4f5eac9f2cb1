"""What is learned of key signatures.

Logistic regression of the signature on (n)ASAP and piano-midi.de (training pieces only), one row for each mode.
A profile counts semitones above the tonic of the signature's major key: number 9 is the tonic of its minor key.
"""

import numpy as np

SHARE = np.array(
    [
        [11.1, -1.4, 1.1, -2.8, 11.5, -0.4, -1.9, 14.4, 0.1, 1.7, -6.7, -1.0],
        [2.5, -5.2, 1.3, 1.1, 14.2, 1.3, -6.0, -3.4, 3.0, 12.4, -0.4, 4.3],
    ]
)
"""(mode, pitch class): what a pitch class earns that takes up a whole bar; some of it for a part of the bar."""

PRESENCE = np.array(
    [
        [1.7, -2.0, 1.3, -1.8, 2.1, 2.9, -2.1, 0.7, -0.7, -0.1, -5.0, 2.0],
        [1.3, -1.9, 0.3, -0.5, 1.3, 1.6, -3.1, -0.9, 1.0, 1.7, -0.7, 0.9],
    ]
)
"""(mode, pitch class): what a pitch class earns by being there at all."""

_USUAL = [-1.75, -1.42, 0.42, 0.19, 0.83, 0.61, 0.43, 1.18, 0.32, 0.79, 0.29, -0.01, -0.06, -0.38, -1.43]
_USUAL_MINOR = [*_USUAL[:1], _USUAL[13], *_USUAL[2:13], _USUAL[1], *_USUAL[14:]]

SIGNATURE = np.array([_USUAL, _USUAL_MINOR])
"""(mode, signature): how usual a signature is, from 7 flats to 7 sharps.

The training pieces prefer F sharp major to G flat major, and D flat to C sharp. They have too few pieces in minor
with six signs to say anything; E flat minor is more usual than D sharp minor, so those two are exchanged.
"""

# Chosen on training and validation pieces: the share of pieces and of bars that are right.
BAR_WEIGHT = 0.05  # the regression reads means over whole pieces; 20 bars say as much
CHANGE_COST = 5.0
MODE_CHANGE_COST = 1.0
FAR_COST = 5.0  # where the enharmonic twin of a signature is nearer to the one before, or has fewer signs
USUAL_WEIGHT = 0.3  # of SIGNATURE, where the signature changes within a piece
