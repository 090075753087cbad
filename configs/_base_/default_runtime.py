"""What every run shares: scope, hooks, logging."""

default_scope = 'mmdet'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        # Which way is better, for save_best on any of our metrics.
        greater_keys=(
            *('mAP', 'HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1'),
            *('rank1', 'top1', 'precision', 'recall', 'f1'),
        ),
        less_keys=('IDSW', 'velocity_mae'),
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # What makes a checkpoint enough for inference; what refuses heads whose
    # classes are not those of the data, and videos in pieces.
    metadata=dict(type='mmvmtl.MetadataHook'),
    class_check=dict(type='mmvmtl.ClassCheckHook'),
    video_order=dict(type='mmvmtl.VideoOrderHook'),
    # draw=True: pictures of training and validation, see docs/your-data.md.
    visualization=dict(type='mmvmtl.VideoVisualizationHook', draw=False),
)
visualizer = dict(
    type='mmvmtl.VideoMTLVisualizer',
    vis_backends=[dict(type='LocalVisBackend')],
)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
log_level = 'INFO'
load_from = None
resume = False
