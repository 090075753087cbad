"""Muon: fewer iterations from scratch than with AdamW."""

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='mmvmtl.Muon', lr=4e-3, weight_decay=0.05),
    paramwise_cfg=dict(
        norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True
    ),
    clip_grad=dict(max_norm=35),
)
