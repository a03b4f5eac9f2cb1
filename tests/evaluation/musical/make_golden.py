"""Write golden.json: what `mpteval` 1.1 measures of the shared recordings, for test_measures.py.

    python -m venv oracle && oracle/bin/pip install mpteval==1.1.0
    oracle/bin/python tests/evaluation/musical/make_golden.py ../shared

It is no dependency of the tests, as it brings pandas, scikit-learn and others. Two of its figures are not taken as
they are. It joins the lower notes without sorting them and so, where a chord has more than two, pairs intervals
with the wrong onsets; here its own functions get them in order. It leaves the ratio of timing at 0.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import partitura
from mpteval.metrics_feature import articulation, dynamics, harmony, timing

GOLDEN = Path(__file__).with_name("golden.json")


def load(paths):
    return [partitura.load_performance_midi(str(path)) for path in paths]


def measure(paths):
    found = {"timing melody": timing.timing_metrics_from_perf(*load(paths))[0]["melody_ioi_corr"]}
    sides = []
    for performance in load(paths):
        _, *others = articulation.skyline_melody_identification(performance.performedparts[0].note_array())
        sides.append(np.sort(np.concatenate(others), order="onset_sec"))
    at_s = np.unique(sides[0]["onset_sec"])
    found["timing bass"] = np.corrcoef(*(timing.get_ioi_stream_func(side)(at_s) for side in sides))[0, 1]
    for row in articulation.articulation_metrics_from_perf(*load(paths), pedal_range=[64, 127]):
        for stream in ("melody", "bass", "ratio"):
            found[f"articulation {stream} {row['pedal_threshold']}"] = row[f"{stream}_kor_corr"]
    found["dynamics"] = dynamics.dynamics_metrics_from_perf(*load(paths))
    tension = harmony.harmony_metrics_from_perf(*load(paths))[0]
    for name in ("cloud_diameter", "cloud_momentum", "tensile_strain"):
        found[f"harmony {name.replace('_', ' ')}"] = tension[f"{name}_corr"]
    return {name: round(float(value), 7) for name, value in found.items()}


def pairs(shared):
    for truth in sorted((shared / "maestro-mini").glob("20*/*.midi")):
        yield truth, shared / "maestro-mini" / "reference" / f"{truth.stem}.mid"
    for estimate in sorted((shared / "maps" / "reference").glob("*.mid")):
        (truth,) = (shared / "maps").glob(f"ENSTDk*/**/{estimate.stem}.mid")
        yield truth, estimate


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    shared = Path(sys.argv[1])
    values = {truth.stem: measure((truth, estimate)) for truth, estimate in pairs(shared)}
    GOLDEN.write_text(json.dumps(values, indent=1) + "\n")
