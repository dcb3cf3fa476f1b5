"""The figure of docs/privacy: every mechanism's error beside the limit.

    python -m bench.privacy_plot

Writes docs/privacy/errors.svg and prints what it shows.
"""

import math

import matplotlib as mpl
from bench.privacy import MECHANISMS, limit
from bench.report import ROOT
from matplotlib import pyplot as plt

from throng.privacy.plan import errors_of

TICKS = (24, 96, 288, 720, 1_440, 2_880, 8_640)
STYLES = {"buffered": "o-", "square-root": "s--", "tree": "^-", "independent": "d:"}


def main() -> None:
    """Draw and print."""
    mpl.rcParams |= {"svg.hashsalt": "throng", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    figure, (totals, ticks) = plt.subplots(1, 2, figsize=(8.0, 3.2), layout="constrained")
    for name in MECHANISMS:
        found = {n: (errors_of(name, n), math.sqrt(n.bit_length()) if name == "tree" else 1.0) for n in TICKS}
        worst = [scale * errors.worst_total for errors, scale in found.values()]
        totals.plot(TICKS, worst, STYLES[name], label=name, markersize=4)
        ticks.plot(TICKS, [scale * errors.worst_tick for errors, scale in found.values()], STYLES[name], markersize=4)
        print(f"{name}: worst total " + ", ".join(f"{error:.2f}" for error in worst))
    least = [limit(n) for n in TICKS]
    print("limit: " + ", ".join(f"{error:.2f}" for error in least))
    totals.plot(TICKS, least, "k-", linewidth=1, label="no factorisation can be below")
    for axes, title in ((totals, "running total, at worst"), (ticks, "one tick, at worst")):
        axes.set(xscale="log", yscale="log", xlabel="ticks a day", title=title)
        axes.set_xticks(TICKS, [f"{n:,}" for n in TICKS], rotation=45)
        axes.minorticks_off()
    totals.set(ylabel="standard error, people, at rho = 0.5", ylim=(1.5, 900))
    totals.legend(frameon=False, fontsize=8)
    figure.savefig(ROOT / "docs" / "privacy" / "errors.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
