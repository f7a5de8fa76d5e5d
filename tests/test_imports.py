"""What importing costs, and what works where no neural network library is installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import sklearn_asdf

HEAVY = "{'tensorflow', 'keras', 'scikeras', 'librosa', 'soundfile', 'matplotlib'}"


def run(code: str) -> str:
    """Run code in a new interpreter; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy():
    loaded = f"print(sorted({HEAVY} & set(sys.modules)))"
    assert run(f"import sys, sklearn_asdf; {loaded}") == "[]"
    # Not even when the motion stages are used.
    assert run(f"import sys; from sklearn_asdf import make_lma_pipeline; {loaded}") == "[]"


def test_motion_stages_work_where_tensorflow_is_not_installed():
    shape = run(
        f"""
        import sys

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {HEAVY}:
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Missing())
        import numpy as np
        from sklearn_asdf import make_lma_pipeline

        poses = np.random.default_rng(0).normal(size=(3, 60, 17, 2)).cumsum(1)
        print(make_lma_pipeline(n_keyframes=4).fit_transform(poses).shape[0])
        """
    )
    assert shape == "3"


@pytest.mark.parametrize("name", sklearn_asdf.__all__)
def test_every_public_name_loads_and_says_what_it_is(name):
    assert getattr(sklearn_asdf, name).__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Motoin"):
        _ = sklearn_asdf.Motoin
