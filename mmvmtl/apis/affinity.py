"""Which task helps which: a step for one, and what the others lose by it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor, nn

from mmvmtl.apis.checkpoint import load_weights, read_checkpoint
from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS
from mmvmtl.task_graph import Observed, TaskGraph, named_parameters


def lookahead_affinity(
    graph: Callable[[], TaskGraph],
    parameters: Sequence[nn.Parameter],
    lr: float,
) -> Tensor:
    r"""How much a step for task i helps task j on one batch.

    `Fifty et al., NeurIPS 2021 <https://arxiv.org/abs/2109.04617>`_ (TAG):

    .. math:: Z_{ij} = 1 - \frac{L_j(\theta_{s|i}, \theta_j)}
        {L_j(\theta_s, \theta_j)}, \quad
        \theta_{s|i} = \theta_s - \eta \nabla_{\theta_s} L_i

    Positive where task i helps task j. The parameters are put back.

    Args:
        graph (Callable): runs the batch; the same losses each time for the
            same parameters.
        parameters (Sequence[Parameter]): :math:`\theta_s`, the shared ones.
        lr (float): :math:`\eta > 0`.

    Returns:
        Tensor: (T, T), row i, column j; NaN for tasks that are not labelled
        in the batch, or have no positive loss to compare with.
    """
    before = graph()
    gradients = before.gradients(parameters)
    start = before.losses.detach()
    seen = before.active & (start > 0)
    values = [parameter.detach().clone() for parameter in parameters]
    rows = []
    for gradient in gradients:
        _move(parameters, values, -lr * gradient)
        rows.append(1 - graph().losses.detach() / start)
    _move(parameters, values, torch.zeros_like(gradients[0]))
    found = torch.stack(rows)
    return found.masked_fill(~(seen[:, None] & seen[None]), torch.nan)


@torch.no_grad()
def _move(
    parameters: Sequence[nn.Parameter], values: Sequence[Tensor], by: Tensor
) -> None:
    sizes = [value.numel() for value in values]
    for parameter, value, step in zip(parameters, values, by.split(sizes)):
        parameter.copy_(value + step.view_as(value))


def _network(
    weights: dict[str, Tensor], model: nn.Module
) -> dict[str, Tensor]:
    """The weights, but the model's own of how losses are combined.

    Whether a checkpoint was trained with another method does not matter.
    """
    combined = ('weighting.', 'branch.')
    found = {k: v for k, v in weights.items() if not k.startswith(combined)}
    own = model.state_dict().items()
    return found | {k: v for k, v in own if k.startswith(combined)}


class Replay:
    """One batch, run again and again as if for the first time.

    Randomness and buffers (running statistics, a loss's memory) are those of
    the first run.

    Args:
        model (nn.Module): in training mode.
        batch (dict): as the preprocessor takes it.
        seed (int): of the randomness inside the network.
    """

    def __init__(self, model: nn.Module, batch: dict, seed: int) -> None:
        self.model = model
        self.batch = batch
        self.seed = seed
        self.buffers = {k: v.clone() for k, v in model.named_buffers()}

    def __call__(self) -> TaskGraph:
        """The task losses of this run."""
        seen: list[TaskGraph] = []
        # Before, not after: the graph of this run may be needed yet.
        with torch.no_grad():
            for name, buffer in self.model.named_buffers():
                buffer.copy_(self.buffers[name])
        self.model.observer = seen.append
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            # Some preprocessors of MMDetection's change labels in place.
            batch = copy.deepcopy(self.batch)
            data = self.model.data_preprocessor(batch, True)
            self.model(**data, mode='loss')
        self.model.observer = None
        return seen[0]


def measure_affinity(
    cfg: Config, checkpoint: str | None, batches: int, lr: float
) -> tuple[tuple[str, ...], Tensor]:
    """Mean affinity over batches of the training data of a config.

    Args:
        cfg (Config): of a model with several tasks.
        checkpoint (str, optional): its weights; untrained without.
        batches (int): how many; fewer if the data ends.
        lr (float): see :func:`lookahead_affinity`.

    Returns:
        tuple: the names of the T tasks, and (T, T) affinities, NaN where no
        batch had labels for both.

    Raises:
        UserError: the model does not name its tasks, or shares nothing.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    # What a Runner would say at its first iteration; YOLOX asks.
    hub = MessageHub.get_current_instance()
    for name, value in (('iter', 0), ('epoch', 0), ('max_iters', 1)):
        hub.update_info(name, value)
    seed = cfg.get('randomness', {}).get('seed') or 0
    torch.manual_seed(seed)
    model = MODELS.build(cfg.model)
    if not isinstance(model, Observed):
        raise UserError(
            f'{type(model).__name__} has no named tasks; put it into '
            "model=dict(type='mmvmtl.MTLWrapper', model=..., tasks=...)"
        )
    model.init_weights()
    if checkpoint is not None:
        weights = read_checkpoint(checkpoint)['state_dict']
        load_weights(model, _network(weights, model), checkpoint)
    model.train()
    shared = list(named_parameters(model).values())
    if not shared:
        raise UserError(
            f'{type(model).__name__} shares no trainable parameter: its '
            'tasks can not help each other'
        )
    tasks: tuple[str, ...] = ()
    found = []
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=seed)
    for number, batch in zip(range(batches), loader):
        replay = Replay(model, batch, number)
        found.append(lookahead_affinity(replay, shared, lr))
        tasks = replay().tasks
    return tasks, torch.stack(found).nanmean(dim=0)
