r"""Which way the start of a few-shot adaptation should move.

With :math:`\phi(\theta)` what some steps of gradient descent on the support
frames of an episode make of the start :math:`\theta`:

- MAML (`Finn et al., ICML 2017 <https://arxiv.org/abs/1703.03400>`_):
  :math:`\nabla_\theta L_q(\phi(\theta))`, through the inner steps;
- FOMAML, its first order: :math:`\nabla_\phi L_q(\phi)`;
- ANIL (`Raghu et al., ICLR 2020 <https://arxiv.org/abs/1909.09157>`_): MAML
  whose inner steps move some parts only;
- Reptile (`Nichol et al. 2018 <https://arxiv.org/abs/1803.02999>`_):
  :math:`\theta - \phi`, with steps on both halves of the episode in turn.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.autograd_graph import graph_nodes, refuse_checkpointing
from mmvmtl.engine.loops.inner_loop import Loss, Params, descend
from mmvmtl.errors import UserError

METHODS = ('MAML', 'FOMAML', 'ANIL', 'Reptile')


def maml_gradient(
    theta: Params,
    fast: Params,
    support: Loss,
    query: Loss,
    lr: float,
    steps: int,
    second_order: bool = True,
    max_norm: float | None = None,
) -> tuple[dict[str, Tensor | None], Tensor]:
    """MAML's, FOMAML's or ANIL's gradient of an episode.

    Args:
        theta (dict[str, Tensor]): every parameter that the outer loop moves.
        fast (dict[str, Tensor]): those of them that the inner steps move.
        support (Callable): loss of the inner steps.
        query (Callable): loss of the result.
        lr (float): of the inner steps.
        steps (int): number of them.
        second_order (bool): False takes the inner steps as constants.
        max_norm (float, optional): of an inner step's gradient, see
            :func:`descend`.

    Returns:
        tuple: the gradient by name (None where the loss does not depend on
        a parameter), and the query loss, ().

    Raises:
        UserError: If an operation of the model has no second derivative, or
            activations of what gets a gradient are checkpointed.
    """
    if not second_order:
        phi = descend([support], fast, lr, steps, max_norm=max_norm)
        loss = query(phi)
        refuse_checkpointing(list(graph_nodes([loss])), 'meta-learning')
        # phi stands in for the start of what moved.
        at = {**theta, **phi}
        grads = torch.autograd.grad(loss, list(at.values()), allow_unused=True)
        return dict(zip(at, grads, strict=True)), loss.detach()
    own = {k: v.detach().requires_grad_() for k, v in theta.items()}
    phi = descend(
        [lambda parameters: support({**own, **parameters})],
        {k: own[k] for k in fast},
        lr,
        steps,
        second_order=True,
        max_norm=max_norm,
    )
    loss = query({**own, **phi})
    try:
        # Not autograd.grad: it leaves out what leads to no input, and with
        # it the complaint of an operation without a second derivative.
        loss.backward()
    except RuntimeError as error:
        raise UserError(
            f'the second-order meta-gradient failed ({error}); set '
            'first_order=True, or adapt only parts whose operations have a '
            'second derivative.'
        ) from error
    return {k: v.grad for k, v in own.items()}, loss.detach()


def reptile_gradient(
    fast: Params,
    support: Loss,
    query: Loss,
    lr: float,
    steps: int,
    max_norm: float | None = None,
) -> tuple[dict[str, Tensor | None], Tensor]:
    """Reptile's direction of an episode, and the query loss at its end.

    Arguments are those of :func:`maml_gradient`.
    """
    phi = descend([support, query], fast, lr, steps, max_norm=max_norm)
    with torch.no_grad():
        loss = query(phi)
        return {k: v.detach() - phi[k].detach() for k, v in fast.items()}, loss
