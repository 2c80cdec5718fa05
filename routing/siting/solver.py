"""Mixed integer programs, solved by HiGHS on one core: to the proven optimum, or a stated gap.

With one thread and a fixed seed HiGHS is deterministic, unless a time limit or a cancellation stops
it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from highspy import HighsLp, HighsModelStatus, HighsVarType, MatrixFormat

# The private class, because `highspy.Highs` subscribes to every callback on creation, and writes a
# banner to standard output before it can be silenced.
from highspy._core import _Highs, cb
from numpy.typing import NDArray

from routing.errors import InvalidRequest, SolverFailed

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

type Ending = Literal["optimal", "infeasible", "time_limit", "cancelled"]

#: Seed of the solver's random choices.
_SEED: Final = 1

#: A gap up to this share of the bound is treated as no gap: the solver's tolerances are 1e-6 of a
#: scaled row.
NO_GAP: Final = 1e-9

_ENDINGS: Final[dict[HighsModelStatus, Ending]] = {
    HighsModelStatus.kOptimal: "optimal",
    HighsModelStatus.kModelEmpty: "optimal",
    HighsModelStatus.kInfeasible: "infeasible",
    HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    HighsModelStatus.kTimeLimit: "time_limit",
    HighsModelStatus.kInterrupt: "cancelled",
}

_IN_TREE: Final = cb.HighsCallbackType.kCallbackMipInterrupt
_ASKING: Final = (cb.HighsCallbackType.kCallbackSimplexInterrupt, _IN_TREE)

#: Longest time between two reports of progress, seconds [A]; each change is reported at once.
_TELL_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class SolverProgress:
    """Progress of the solver on the programs of one choice of sites.

    Parameters
    ----------
    stage
        What is being optimised: ``'flow'``, ``'spaces'``, ``'cost'`` or ``'gap'``.
    solver_s
        Seconds that the solver has taken so far, all stages together.
    best, bound
        Value of the best answer so far, and the bound of any answer, in the unit of the stage
        (flow, spaces, cost). None if there is none yet, and in the stage ``'gap'``, whose programs
        only have the answers yes and no.
    """

    stage: str
    solver_s: float
    best: float | None
    bound: float | None


@dataclass(frozen=True, slots=True)
class SolverEffort:
    """Limits of the solver for one choice of sites, which may take several programs.

    Parameters
    ----------
    time_limit_s
        Longest time by the wall clock, seconds, for all programs together. HiGHS looks at
        the clock only between its steps, so the first step of a large program may take longer.
    relative_gap
        Gap at which an answer is good enough, share of the bound, 0 to less than 1.
    on_progress
        Called with the progress from time to time, in the calling thread.
    is_cancelled
        Called between the solver's steps; once it returns True, the best answer so far is returned.

    Raises
    ------
    InvalidRequest
        The time limit is not positive, or the gap is not from 0 to 1.
    """

    time_limit_s: float
    relative_gap: float = 0.0
    on_progress: Callable[[SolverProgress], None] | None = None
    is_cancelled: Callable[[], bool] | None = None

    def __post_init__(self) -> None:
        if not (self.time_limit_s > 0 and 0 <= self.relative_gap < 1):
            raise InvalidRequest("effort", "not_effort")


@dataclass(frozen=True, eq=False, slots=True)
class LinearRows:
    """Rows of a linear program: ``lower <= Σ value * column <= upper``.

    Parameters
    ----------
    first
        int64 [M + 1], the first entry of each row and the count of all.
    column, value
        int64 and float64 [E].
    lower, upper
        float64 [M].
    """

    first: Ints
    column: Ints
    value: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, rows: list[tuple[dict[int, float], float, float]]) -> "LinearRows":
        """Build rows from (values by column, lower bound, upper bound) of each."""
        sizes = [len(entries) for entries, _, _ in rows]
        return cls(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.array([column for entries, _, _ in rows for column in entries], dtype=np.int64),
            np.array([value for one, _, _ in rows for value in one.values()], dtype=np.float64),
            np.array([lower for _, lower, _ in rows], dtype=np.float64),
            np.array([upper for _, _, upper in rows], dtype=np.float64),
        )

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.lower)

    def followed_by(self, other: "LinearRows") -> "LinearRows":
        """Return the rows, followed by those of another object."""
        return LinearRows(
            np.concatenate([self.first, self.first[-1] + other.first[1:]]),
            np.concatenate([self.column, other.column]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.lower, other.lower]),
            np.concatenate([self.upper, other.upper]),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """Minimise ``cost * x`` over columns between 0 and 1.

    Parameters
    ----------
    cost
        float64 [C].
    is_whole
        bool [C], columns that are 0 or 1.
    rows
        The rows.
    """

    cost: Floats
    is_whole: Bools
    rows: LinearRows


@dataclass(frozen=True, eq=False, slots=True)
class Solved:
    """Result of the solver for one program.

    Parameters
    ----------
    ending
        Why the solver stopped.
    values
        float64 [C], the best solution; None if there is none.
    objective, bound
        Value of the solution (infinite without one), and a lower bound of any solution's value.
    """

    ending: Ending
    values: Floats | None
    objective: float
    bound: float


@dataclass(slots=True)
class Solving:
    """Solver of several programs, one after the other, within one limit of effort.

    Parameters
    ----------
    effort
        Limits for all programs together.
    """

    effort: SolverEffort
    spent_s: float = 0.0
    stopped: Ending | None = None
    _raised: list[BaseException] = field(default_factory=list)

    def solve(
        self,
        program: Program,
        start: Floats | None = None,
        *,
        stage: str,
        read: Callable[[float], float] | None = lambda value: value,
    ) -> Solved:
        """Solve a program within what is left of the effort.

        Parameters
        ----------
        start
            float64 [C], a known solution: the result is never worse. It is not passed to HiGHS,
            because version 1.16.0 then returns wrong bounds (decision 72).
        stage, read
            The stage, and the function that converts a value of the program to the stage's unit;
            None for a stage without values.

        Raises
        ------
        SolverFailed
            The solver gave up, or its objective value is not that of its solution.
        """
        left_s = self.effort.time_limit_s - self.spent_s
        if self.stopped is None and self._is_cancelled():
            self.stopped = "cancelled"
        if self.stopped is None and left_s <= 0:
            self.stopped = "time_limit"
        if self.stopped is not None:
            return Solved(self.stopped, start, _objective(program, start), -np.inf)
        solver = _loaded(program, left_s, self.effort.relative_gap)
        self._listen(solver, stage, read)
        solver.run()
        self.spent_s += solver.getRunTime()
        if self._raised:
            raise self._raised[0]
        solved = _read(solver, program, start)
        if self.effort.on_progress is not None:
            self.effort.on_progress(
                SolverProgress(stage, self.spent_s, *_told(read, solved.objective, solved.bound))
            )
        if solved.ending in {"time_limit", "cancelled"}:
            self.stopped = solved.ending
        return solved

    def _is_cancelled(self) -> bool:
        return self.effort.is_cancelled is not None and self.effort.is_cancelled()

    def _listen(self, solver: _Highs, stage: str, read: Callable[[float], float] | None) -> None:
        """Make the solver call the effort's functions: for its progress, and for cancellation."""
        effort, began_s = self.effort, self.spent_s
        last: list[float | None] = [None, None, -np.inf]

        def heard(
            kind: cb.HighsCallbackType,
            _message: str,
            out: cb.HighsCallbackOutput,
            into: cb.HighsCallbackInput | None,
            _data: Any,  # noqa: ANN401 -- the solver's interface
        ) -> None:
            # An exception must not pass through the solver's C++ code: `solve` raises it later.
            try:
                if into is not None and (self._raised or self._is_cancelled()):
                    into.user_interrupt = True
                elif kind == _IN_TREE and effort.on_progress is not None:
                    told = _told(read, out.mip_primal_bound, out.mip_dual_bound)
                    solver_s = began_s + out.running_time
                    if last[:2] != [*told] or solver_s >= (last[2] or 0.0) + _TELL_S:
                        last[:] = *told, solver_s
                        effort.on_progress(SolverProgress(stage, solver_s, *told))
            except BaseException as error:
                self._raised.append(error)

        if effort.is_cancelled is None and effort.on_progress is None:
            return
        solver.setCallback(heard, None)
        for kind in _ASKING:
            solver.startCallback(kind)


def _told(
    read: Callable[[float], float] | None, best: float, bound: float
) -> tuple[float | None, float | None]:
    """Return best value and bound in the stage's unit; None where there is no value yet."""
    told = [
        read(value) if read is not None and abs(value) < _UNKNOWN else None
        for value in (best, bound)
    ]
    return told[0], told[1]


def _loaded(program: Program, time_limit_s: float, relative_gap: float) -> _Highs:
    """Return a solver with a program loaded."""
    solver, columns = _Highs(), len(program.cost)
    for option, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": _SEED,
        "time_limit": time_limit_s,
        "mip_rel_gap": relative_gap,
    }.items():
        solver.setOptionValue(option, value)
    rows, given = program.rows, HighsLp()
    given.num_col_, given.num_row_ = columns, len(rows)
    given.col_cost_ = program.cost
    given.col_lower_, given.col_upper_ = np.zeros(columns), np.ones(columns)
    given.row_lower_, given.row_upper_ = rows.lower, rows.upper
    given.a_matrix_.format_ = MatrixFormat.kRowwise
    given.a_matrix_.start_ = rows.first.astype(np.int32)
    given.a_matrix_.index_ = rows.column.astype(np.int32)
    given.a_matrix_.value_ = rows.value
    kinds = (HighsVarType.kContinuous, HighsVarType.kInteger)
    given.integrality_ = [kinds[whole] for whole in program.is_whole.tolist()]
    solver.passModel(given)
    return solver


def _read(solver: _Highs, program: Program, start: Floats | None) -> Solved:
    """Return the solver's result, with the known solution ``start`` if that is better.

    Raises
    ------
    SolverFailed
        The solver gave up, or its objective value is not that of its solution.
    """
    status, info = solver.getModelStatus(), solver.getInfo()
    if status not in _ENDINGS:
        raise SolverFailed(solver.modelStatusToString(status))
    ending = _ENDINGS[status]
    if ending == "infeasible":
        return Solved(ending, None, np.inf, np.inf)
    values, objective = start, _objective(program, start)
    if info.primal_solution_status == _FEASIBLE:
        found = np.array(solver.getSolution().col_value, dtype=np.float64)
        value = _objective(program, found)
        if abs(value - info.objective_function_value) > _SAME * max(1.0, abs(value)):
            raise SolverFailed("states another value than that of its solution")
        if value <= objective:
            values, objective = found, value
    bound = info.mip_dual_bound
    if ending == "optimal" and not program.is_whole.any():
        bound = objective
    # HiGHS gives a huge value for an unknown bound. By rounding, a bound may be above the value of
    # the solution.
    return Solved(
        ending, values, objective, min(bound, objective) if abs(bound) < _UNKNOWN else -np.inf
    )


#: Share by which the solver's objective value may differ from that of its solution: its tolerance.
_SAME: Final = 1e-6

#: Value from which on HiGHS's bounds stand for an unknown bound.
_UNKNOWN: Final = 1e20

#: HiGHS's `kSolutionStatusFeasible`.
_FEASIBLE: Final = 2


def _objective(program: Program, values: Floats | None) -> float:
    return np.inf if values is None else float(program.cost @ values)
