"""Weights of tasks follow a graph or a tree of the tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.regularisers.base_regulariser import (
    BaseRegulariser,
    Patterns,
    Shapes,
    TaskVectors,
    pair_matrix,
)
from mmvmtl.models.task_names import check_tasks
from mmvmtl.registry import MODELS

Tree = Sequence


@MODELS.register_module()
class TaskStructurePenalty(BaseRegulariser):
    r"""Hold the tasks' weights to a structure that is known beforehand.

    .. math:: \beta \operatorname{tr}(W S W^\top) =
        \beta \sum_{i,j} S_{ij} \, w_i^\top w_j

    with the tasks' vectors :math:`w_i` as columns of W. S is positive
    semidefinite, from one of

    - ``edges``, a graph with strengths :math:`A_{ij}`: its Laplacian
      :math:`S = D - A`, so the term is
      :math:`\beta \sum_{i<j} A_{ij} \lVert w_i - w_j \rVert^2`;
    - ``tree``, nested groups: :math:`S = \sum_v (I_v - 1_v 1_v^\top / |v|)`
      over the groups v, so the term is the squared distance of each task
      from the mean of every group it is in: tasks deep in the tree together
      are held together most.

    Graphs: `Evgeniou et al., JMLR 2005
    <https://www.jmlr.org/papers/v6/evgeniou05a.html>`_; groups: `Jacob et
    al., NIPS 2008 <https://arxiv.org/abs/0809.2085>`_.

    Args:
        shapes (dict): see :class:`BaseRegulariser`.
        tasks (Sequence[str]): see :class:`BaseRegulariser`.
        parameters (dict[str, str | Sequence[str]]): by task its vector, see
            :func:`find_parameters`; equal shapes for all.
        strength (float): :math:`\beta \ge 0`.
        edges (Sequence[tuple[str, str, float]], optional):
            ``(task, other task, A_ij >= 0)``.
        tree (Sequence, optional): tasks and groups of them, nested:
            ``[['det', 'track'], 'cls']``.

    Raises:
        ValueError: if not one of ``edges`` and ``tree`` is given, of an
            unknown task, or of parameters that do not match.
    """

    name = 'structure'

    def __init__(
        self,
        shapes: Shapes,
        tasks: Sequence[str],
        parameters: dict[str, Patterns],
        strength: float,
        edges: Sequence[tuple[str, str, float]] | None = None,
        tree: Tree | None = None,
    ) -> None:
        super().__init__(shapes, tasks, strength)
        if (edges is None) == (tree is None):
            raise UserError(
                'TaskStructurePenalty takes edges or tree, one of the two'
            )
        self.vectors = TaskVectors(parameters, shapes, tasks)
        names = self.vectors.tasks
        structure = (
            laplacian(pair_matrix(edges, names))
            if tree is None
            else centring(tree, names)
        )
        self.register_buffer('structure', structure, persistent=False)

    def forward(
        self, parameters: dict[str, Tensor], losses: Tensor, active: Tensor
    ) -> Tensor:
        """The term, (), whatever the losses are."""
        rows = self.vectors.stack(parameters)
        # Weights are close to each other: half precision sees no difference.
        with torch.autocast(rows.device.type, enabled=False):
            mixed = self.structure.to(rows) @ rows
        return self.strength * (mixed * rows).sum()


def laplacian(adjacency: Tensor) -> Tensor:
    """S = D − A of a symmetric (R, R) matrix."""
    return torch.diag(adjacency.sum(dim=1)) - adjacency


def centring(tree: Tree, tasks: Sequence[str]) -> Tensor:
    """S of a tree of ``tasks``, (R, R).

    Raises:
        ValueError: of an unknown task, or one that stands twice.
    """
    leaves = _leaves(tree)
    check_tasks(leaves, tasks)
    if len(set(leaves)) < len(leaves):
        raise UserError(f'a task stands twice in the tree {tree}')
    structure = torch.zeros(len(tasks), len(tasks))
    for group in _groups(tree):
        member = torch.tensor([float(task in group) for task in tasks])
        structure += torch.diag(member)
        structure -= torch.outer(member, member) / member.sum()
    return structure


def _leaves(tree: Tree | str) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    return [leaf for branch in tree for leaf in _leaves(branch)]


def _groups(tree: Tree | str) -> Iterator[list[str]]:
    """The leaves below every inner node."""
    if not isinstance(tree, str):
        yield _leaves(tree)
        for branch in tree:
            yield from _groups(branch)
