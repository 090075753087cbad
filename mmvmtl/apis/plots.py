"""Pictures of the reports; matplotlib is imported where it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def heat_map(
    values: np.ndarray, names: Sequence[str], path: Path, title: str
) -> None:
    """Draw a square matrix with its numbers; red is negative, blue positive.

    Args:
        values (ndarray): (T, T).
        names (Sequence[str]): of rows and columns.
        path (Path): PNG to write.
        title (str): above it.
    """
    figure, axes = _figure(4.5, 4.0)
    off = values[~np.eye(len(values), dtype=bool)]
    off = off[np.isfinite(off)]
    # The diagonal is a task's own step and would hide the rest.
    limit = float(np.abs(off).max()) if len(off) else 1.0
    limit = limit or 1.0
    image = axes.imshow(values, cmap='RdBu', vmin=-limit, vmax=limit)
    for (row, column), value in np.ndenumerate(values):
        dark = abs(value) > 0.6 * limit
        axes.text(
            column, row, f'{value:.2g}', ha='center', va='center',
            color='white' if dark else 'black',
        )  # fmt: skip
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_title(title, fontsize=9)
    figure.colorbar(image)
    figure.savefig(path, dpi=120)


def curves(
    series: Mapping[str, tuple[np.ndarray, np.ndarray]],
    path: Path,
    title: str,
    smooth: int,
) -> None:
    """Draw numbers in -1..1 over iterations, pale, and their running mean.

    Args:
        series (dict): name to x (N,) and y (N,).
        path (Path): PNG to write.
        title (str): above it.
        smooth (int): points of the running mean.
    """
    figure, axes = _figure(7.0, 3.5)
    for number, (name, (x, y)) in enumerate(series.items()):
        color = f'C{number}'
        width = min(smooth, len(y))
        mean = np.convolve(y, np.ones(width) / width, mode='valid')
        axes.plot(x, y, '.', color=color, alpha=0.25, markersize=3)
        axes.plot(
            x[width - 1 :], mean, color=color,
            label=f'{name}: mean {y.mean():.2f}, least {y.min():.2f}',
        )  # fmt: skip
    axes.axhline(0, color='black', linewidth=0.8)
    axes.set_ylim(-1, 1)
    axes.set_xlabel('iteration')
    axes.set_ylabel('cosine')
    axes.set_title(title, fontsize=9)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def bars(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    path: Path,
    title: str,
) -> None:
    """Draw bars of means over seeds, each seed as a point.

    Args:
        groups (dict): name of a group to {name of a bar: one per seed}; all
            groups have the same bars.
        path (Path): PNG to write.
        title (str): above it.
    """
    figure, axes = _figure(1.5 + 1.4 * len(groups), 3.8)
    names = list(next(iter(groups.values())))
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        places = np.arange(len(groups)) + (number + 0.5) * width - 0.4
        values = [groups[group][name] for group in groups]
        axes.bar(places, [np.mean(v) for v in values], 0.9 * width, label=name)
        for place, points in zip(places, values, strict=True):
            axes.plot([place] * len(points), points, 'k.', markersize=3)
    axes.axhline(0, color='black', linewidth=0.8)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel('gain over single-task training, %')
    axes.set_title(title, fontsize=9)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def lines(
    series: Mapping[str, Mapping[int, float]],
    path: Path,
    x_label: str,
    y_label: str,
) -> None:
    """Draw points joined by lines.

    Args:
        series (dict): name to {x: y}.
        path (Path): PNG to write.
        x_label (str): below the axis.
        y_label (str): beside the axis.
    """
    figure, axes = _figure(6.0, 3.8)
    for name, points in series.items():
        axes.plot(
            [*points], [*points.values()], 'o-', markersize=3, label=name
        )
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def _figure(width: float, height: float) -> tuple:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout='constrained')
    return figure, figure.add_subplot()
