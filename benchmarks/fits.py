"""The one list of fits whose errors are measured, with what is asked of each."""

from __future__ import annotations

from dataclasses import dataclass

from bars import Bar, BestError, ErrorsAt, NeverWorse, SecondsOfFit, Slope

__all__ = ["FITS", "SPECIAL", "FitCase", "PykanRecipe"]


@dataclass(frozen=True)
class PykanRecipe:
    """Steps of L-BFGS on every grid, whose first three fifths move the grid, and seeds.

    The steps are those of its own examples (50), or fewer where they would take hours; of several
    seeds the best counts.
    """

    steps: int
    seeds: tuple[int, ...]

    @property
    def stop_grid_update_step(self) -> int:
        return 3 * self.steps // 5


@dataclass(frozen=True)
class FitCase:
    """A function, samples of it, a network that learns them on finer and finer grids, and bars.

    `seeds` are the networks' starts; where there are several, the best counts. Some starts end in
    a local minimum, so where a case has a single seed it is one of those that do not. `paper` is
    the error of the paper's best KAN, for the special functions. `pykan` says how pykan fits the
    same, None that it takes no part.
    """

    name: str
    target: str
    width: tuple[int, ...]
    rows: int
    grids: tuple[int, ...]
    bars: tuple[Bar, ...]
    k: int = 3
    seeds: tuple[int, ...] = (1,)
    paper: float | None = None
    pykan: PykanRecipe | None = None

    @property
    def label(self) -> str:
        return f"{self.target} [{','.join(map(str, self.width))}] k={self.k} N={self.rows}"


DOUBLING = (3, 5, 10, 20, 40, 80)
OF_THE_PAPER = (3, 5, 10, 20, 50, 100)
TOY, TOY_WIDTH = "exp(sin(πx)+y²)", (2, 1, 1)


def toy(rows: int, limit: float) -> FitCase:
    """The first toy from fewer samples: with 300, fine grids have more coefficients than rows."""
    bars = (BestError(limit), NeverWorse(2.0))
    recipe = PykanRecipe(50, seeds=(1,) if rows >= 1000 else (1, 2, 3))
    return FitCase(f"toy-{rows}", TOY, TOY_WIDTH, rows, OF_THE_PAPER, bars, pykan=recipe)


def special(name: str, width: tuple[int, ...], paper: float) -> FitCase:
    """One of the paper's table of special functions, in the shape of its best KAN there."""
    bars = (BestError(paper), SecondsOfFit(5.0))
    grids, seeds, recipe = (3, 6, 12, 24), (0, 1, 2), PykanRecipe(20, seeds=(0,))
    return FitCase(name, name, width, 3000, grids, bars, seeds=seeds, paper=paper, pykan=recipe)


TOYS = (
    FitCase(
        "toy",
        TOY,
        TOY_WIDTH,
        3000,
        DOUBLING,
        (BestError(1e-7), SecondsOfFit(0.5), Slope(-3.8)),
        pykan=PykanRecipe(50, seeds=(1,)),
    ),
    FitCase("toy-k5", TOY, TOY_WIDTH, 3000, DOUBLING, (Slope(-5.5, floor=1e-10),), k=5, seeds=(2,)),
    toy(1000, 8e-6),
    toy(300, 5e-6),
    toy(100, 3e-4),
    FitCase("xy", "xy", (2, 2, 1), 3000, DOUBLING, (BestError(1e-9),), seeds=(2,)),
    FitCase(
        "j0",
        "J₀(20x)",
        (1, 1),
        1000,
        (50, 100, 200),
        (ErrorsAt({50: 9.5e-5, 100: 5e-6, 200: 4.5e-7}),),
    ),
    FitCase(
        "j0-k5",
        "J₀(20x)",
        (1, 1),
        1000,
        (50, 100, 200),
        (ErrorsAt({50: 1.8e-6, 100: 2e-8, 200: 4e-10}),),
        k=5,
    ),
    FitCase(
        "nested",
        "exp(½Σ sin(π(x²+y²)))",
        (4, 2, 1, 1),
        3000,
        (3, 5, 10, 20, 50),
        (BestError(5e-7), SecondsOfFit(10.0)),
        seeds=(0, 1, 2, 3, 4),
    ),
    FitCase(
        "hundred",
        "exp(mean sin²(πx/2))",
        (100, 1, 1),
        3000,
        (3, 5, 10, 14),
        (BestError(1e-5),),
    ),
)

SPECIAL = (
    special("ellipj", (2, 3, 2, 1), 1.33e-4),
    special("ellipkinc", (2, 2, 1, 1, 1), 1.24e-4),
    special("ellipeinc", (2, 2, 1, 1), 8.26e-5),
    special("jv", (2, 3, 1, 1, 1), 1.64e-3),
    special("yv", (2, 2, 2, 1), 1.49e-5),
    special("kv", (2, 2, 1), 2.52e-5),
    special("iv", (2, 4, 1), 9.28e-3),
    special("lpmv0", (2, 2, 1), 5.25e-5),
    special("lpmv1", (2, 4, 1), 6.90e-4),
    special("lpmv2", (2, 3, 2, 1), 2.26e-4),
    special("Y01", (2, 1, 1), 2.21e-7),
    special("Y11", (2, 3, 2, 1), 1.22e-4),
    special("Y02", (2, 1, 1), 1.95e-7),
    special("Y12", (2, 2, 1, 1), 1.50e-5),
    special("Y22", (2, 2, 3, 2, 1), 9.45e-5),
)

FITS = {case.name: case for case in (*TOYS, *SPECIAL)}
