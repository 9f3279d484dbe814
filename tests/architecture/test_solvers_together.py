"""Both solvers live in one process, whichever is loaded first: their shared libraries may bear one name."""

from __future__ import annotations

import subprocess
import sys

import pytest

HIGHS = """
import highspy
h = highspy.Highs()
h.silent()
x = h.addVariable(lb=0, ub=5, obj=-1)
h.run()
assert h.getInfo().objective_function_value == -5
"""
CP_SAT = """
from ortools.sat.python import cp_model
m = cp_model.CpModel()
m.maximize(m.new_int_var(0, 5, "x"))
s = cp_model.CpSolver()
s.solve(m)
assert s.objective_value == 5
"""


@pytest.mark.parametrize("program", [HIGHS + CP_SAT, CP_SAT + HIGHS, HIGHS + CP_SAT + HIGHS + CP_SAT])
def test_one_process_solves_with_both(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
