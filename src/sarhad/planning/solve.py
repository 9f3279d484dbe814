"""Linear and integer programs by HiGHS (this file alone imports it).

HiGHS notes: one thread count per process (changing it between models makes `run` return at once without an
answer); the status is checked always; nothing stops by the clock, so equal inputs give equal bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sarhad.errors import NoAnswer, SarhadError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Answer(NamedTuple):
    """`x`, a bound on the optimum, and per variable what a unit more of it is worth (empty where integer)."""

    x: F64
    bound: float
    reduced: F64


class Program(NamedTuple):
    """max cost·x, row_lower <= matrix x <= row_upper, lower (0) <= x <= upper; `integer`: whole ones."""

    cost: F64
    upper: F64
    matrix: Any
    row_lower: F64
    row_upper: F64
    integer: NDArray[np.bool_]
    lower: F64 | None = None


def solver() -> Any:
    """Return a silent HiGHS with the one thread that the whole process uses."""
    highs = highspy.Highs()
    for name, setting in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("random_seed", 0)):
        highs.setOptionValue(name, setting)
    return highs


def _run(highs: Any, *accepted: Any) -> Any:
    highs.run()
    if highs.getModelStatus() not in accepted:
        highs.clearSolver()
        highs.run()
    status = highs.getModelStatus()
    if status not in accepted:
        raise SarhadError(f"the solver stopped without an answer: {highs.modelStatusToString(status)}")
    return status


def _lower(program: Program) -> F64:
    return np.zeros(len(program.cost)) if program.lower is None else program.lower


def _lp(program: Program) -> Any:
    rows = sparse.csr_array(program.matrix)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), rows.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, _lower(program), program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = rows.indptr.astype(np.int32)
    lp.a_matrix_.index_ = rows.indices.astype(np.int32)
    lp.a_matrix_.value_ = rows.data.astype(np.float64)
    if program.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in program.integer]
    return lp


def solve_integer(program: Program, *, max_nodes: int, gap: float = 1e-9, start: F64 | None = None) -> Answer:
    """Solve a mixed-integer program within `max_nodes` nodes of branch and bound, from `start` if given.

    Raises NoAnswer where no x is feasible and SarhadError where the solver fails or met no plan in time.
    """
    highs = solver()
    highs.setOptionValue("mip_max_nodes", max_nodes)
    highs.setOptionValue("mip_rel_gap", gap)
    highs.setOptionValue("mip_abs_gap", 0.0)
    highs.passModel(_lp(program))
    if start is not None:
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        highs.setSolution(known)
    status = highspy.HighsModelStatus
    ended = _run(highs, status.kOptimal, status.kSolutionLimit, status.kInfeasible)
    if ended == status.kInfeasible:
        raise NoAnswer("no choice satisfies all requirements")
    x, info = np.array(highs.getSolution().col_value), highs.getInfo()
    if len(x) == 0 or info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SarhadError(f"the solver met no plan within {max_nodes} nodes")
    return Answer(x, float(info.mip_dual_bound), np.empty(0))


class GrowingProgram:
    """A linear program to which rows are added, and dropped again; each solution starts from the last."""

    def __init__(self, program: Program) -> None:
        self._highs = solver()
        self._highs.passModel(_lp(program))
        self._n_fixed = len(program.row_upper)

    def add(self, rows: Any, upper: F64) -> None:
        """Add rows x <= upper."""
        start, index = rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32)
        low = np.full(len(upper), -np.inf)
        self._highs.addRows(len(upper), low, upper, rows.nnz, start, index, rows.data)

    def drop(self, gone: NDArray[np.bool_]) -> None:
        """Drop some of the added rows, keeping the basis of the others."""
        basis = self._highs.getBasis()
        numbers = self._n_fixed + np.flatnonzero(gone)
        self._highs.deleteRows(len(numbers), numbers.astype(np.int32))
        kept = np.concatenate([np.ones(self._n_fixed, np.bool_), ~gone])
        basis.row_status = [s for s, stays in zip(basis.row_status, kept, strict=True) if stays]
        self._highs.setBasis(basis)

    def optimum(self) -> tuple[F64, F64]:
        """Return the best point, and what a unit more of each row's upper end is worth, fixed rows first."""
        _run(self._highs, highspy.HighsModelStatus.kOptimal)
        found = self._highs.getSolution()
        return np.array(found.col_value), np.maximum(np.array(found.row_dual), 0.0)
