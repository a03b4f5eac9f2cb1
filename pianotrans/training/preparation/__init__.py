"""From a data set to an index for training: every recording checked, some of them copied.

Importing this package loads no torch.
"""

from pianotrans.training.preparation.checking import PreparationSettings
from pianotrans.training.preparation.report import report_csv
from pianotrans.training.preparation.running import Preparation, PreparationOutcome
from pianotrans.training.preparation.splits import assign_splits

__all__ = ["Preparation", "PreparationOutcome", "PreparationSettings", "assign_splits", "report_csv"]
