"""What results of a recording are called, whatever its data set calls it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.datasets import file_of
from tests.events.strategies import quick

names = st.text(st.sampled_from("ab/.% :é\\"), max_size=8)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("2006/bach_fugue", "2006/bach_fugue.mid"),
        ("Prélude, op. 28 (live)", "Prélude, op. 28 (live).mid"),
        ("a:b", "a%3Ab.mid"),
        ("100%", "100%25.mid"),
        ("../../up", "%2E%2E/%2E%2E/up.mid"),
        ("/etc/x", "%/etc/x.mid"),
        (".hidden", "%2Ehidden.mid"),
        ("C:\\x", "C%3A%5Cx.mid"),
        ("", "%2Emid"),
    ],
)
def test_examples(name, file):
    assert file_of(name, ".mid") == Path(file)


@quick
@given(names)
def test_nothing_leads_out_of_the_folder(name):
    path = file_of(name, ".mid")
    assert not path.is_absolute()
    assert not any(part.startswith(".") for part in path.parts)


@quick
@given(names, names)
def test_no_two_names_share_a_file(one, other):
    assert (file_of(one, ".mid") == file_of(other, ".mid")) == (one == other)
