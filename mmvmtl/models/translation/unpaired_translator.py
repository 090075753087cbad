"""Translate images between two domains without pairs (CycleGAN)."""

from __future__ import annotations

from mmengine.model import BaseModel, ModuleDict, is_model_wrapper
from mmengine.optim import OptimWrapperDict
from torch import Tensor, cat, nn
from torch.func import functional_call

from mmvmtl.models.translation.losses import (
    Images,
    discriminator_loss,
    generator_losses,
)
from mmvmtl.models.translation.networks import ImagePool
from mmvmtl.registry import MODELS

#: Each domain and the other one.
DOMAINS = {'source': 'target', 'target': 'source'}


class PerDomain(ModuleDict):
    """One network per domain, called together.

    One forward of both is what a DDP wrapper around them can follow.
    """

    def forward(self, images: Images) -> Images:
        """What each domain's network makes of its ``images``."""
        return {domain: self[domain](x) for domain, x in images.items()}


@MODELS.register_module()
class UnpairedTranslator(BaseModel):
    """Two generators and two judges.

    `Zhu et al., ICCV 2017 <https://arxiv.org/abs/1703.10593>`_ at a small
    scale. ``generators['target']`` makes target images; for training with
    them see ``mmvmtl.TranslateDomain``. The optimizers are two, made by
    ``mmvmtl.OptimWrapperPerModule`` with the keys ``generators`` and
    ``discriminators``; several processes need
    ``model_wrapper_cfg=dict(type='mmvmtl.SeparateDistributedDataParallel')``.

    Args:
        generator (dict): config of a generator.
        discriminator (dict): config of a judge.
        cycle_weight (float): of the way there and back.
        identity_weight (float): of leaving a domain's own images alone.
        pool_size (int): fakes remembered per judge.
        data_preprocessor (dict, optional): config of the preprocessor.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        generator: dict | None = None,
        discriminator: dict | None = None,
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        pool_size: int = 20,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor
            or dict(type='mmvmtl.TranslationDataPreprocessor'),
            init_cfg,
        )
        generator = generator or dict(type='mmvmtl.TranslationGenerator')
        judge = discriminator or dict(type='mmvmtl.PatchDiscriminator')
        self.generators = PerDomain(
            {d: MODELS.build(generator) for d in DOMAINS}
        )
        self.discriminators = PerDomain(
            {d: MODELS.build(judge) for d in DOMAINS}
        )
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pools = {domain: ImagePool(pool_size) for domain in DOMAINS}

    def forward(self, source: Tensor, mode: str = 'tensor') -> Tensor:
        """Source images (N, 3, H, W) in -1..1 in the target's look.

        Raises:
            ValueError: on another ``mode`` than ``'tensor'``; training goes
                through :meth:`train_step`.
        """
        if mode != 'tensor':
            raise ValueError(
                f"mode='{mode}': a translator knows 'tensor', and is trained "
                'by its train_step'
            )
        return _bare(self.generators)['target'](source)

    def train_step(
        self, data: dict, optim_wrapper: OptimWrapperDict
    ) -> dict[str, Tensor]:
        """One step of the generators, then one of the judges.

        Returns:
            dict[str, Tensor]: the losses, detached.
        """
        real = self.data_preprocessor(data, True)
        wrapper = optim_wrapper['generators']
        with wrapper.optim_context(self):
            fake, losses = self._play(real)
        wrapper.update_params(sum(losses.values()))
        wrapper = optim_wrapper['discriminators']
        with wrapper.optim_context(self):
            loss = self._judge(real, fake)
        wrapper.update_params(loss)
        losses['loss_discriminator'] = loss
        return {name: value.detach() for name, value in losses.items()}

    def _play(self, real: Images) -> tuple[Images, dict[str, Tensor]]:
        """The fakes of each domain, and what the generators lose."""
        made = self.generators(
            {d: cat([real[other], real[d]]) for d, other in DOMAINS.items()}
        )
        cut = {d: len(real[other]) for d, other in DOMAINS.items()}
        fake = {d: made[d][: cut[d]] for d in DOMAINS}
        same = {d: made[d][cut[d] :] for d in DOMAINS}
        cycled = self.generators({d: fake[o] for d, o in DOMAINS.items()})
        # The judges' parameters are constants here: no gradient is computed
        # for them, and DDP, which wraps them, waits for none.
        judges = _bare(self.discriminators)
        frozen = {k: v.detach() for k, v in judges.named_parameters()}
        scores = functional_call(judges, frozen, (fake,))
        losses = generator_losses(
            real, same, cycled, scores, self.cycle_weight, self.identity_weight
        )
        return fake, losses

    def _judge(self, real: Images, fake: Images) -> Tensor:
        old = {d: self.pools[d].exchange(fake[d]) for d in DOMAINS}
        scores = self.discriminators(
            {d: cat([real[d], old[d]]) for d in DOMAINS}
        )
        return discriminator_loss(
            {d: scores[d][: len(real[d])] for d in DOMAINS},
            {d: scores[d][len(real[d]) :] for d in DOMAINS},
        )


def _bare(module: nn.Module) -> nn.Module:
    """The module itself, without the wrapper of several processes."""
    return module.module if is_model_wrapper(module) else module
