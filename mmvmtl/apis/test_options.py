"""Options of the test tool: what to draw, and where predictions go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric, DumpResults
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from mmvmtl.apis.checkpoint import read_checkpoint
from mmvmtl.apis.cli import check_checkpoint, check_writable
from mmvmtl.apis.results import clip_record, frame_record, json_text
from mmvmtl.errors import UserError


def check_out(out: str | None) -> None:
    """Refuse an ``--out`` file of another kind, or in an unwritable place.

    Raises:
        UserError: Naming the file.
    """
    if out is None:
        return
    if Path(out).suffix not in ('.json', '.pkl'):
        raise UserError(
            f'--out {out} must end in .json (metrics and predictions) or '
            '.pkl (data samples).'
        )
    check_writable(Path(out).parent, '--out')


def check_is_data(checkpoint: str, trust: bool) -> str:
    """Return ``checkpoint``, a file that runs no code when it is read.

    The Runner, which reads it later, would run any.

    Raises:
        UserError: If it would run code, or can not be read.
    """
    check_checkpoint(checkpoint)
    if not trust:
        read_checkpoint(checkpoint)
    return checkpoint


def draw_into(cfg: Config, folder: str) -> None:
    """Let the visualization hook write drawn frames into ``folder``."""
    hooks = cfg.setdefault('default_hooks', {})
    hook = dict(hooks.get('visualization') or {})
    hook.setdefault('type', 'mmvmtl.VideoVisualizationHook')
    hooks['visualization'] = {**hook, 'draw': True, 'test_out_dir': folder}
    cfg.setdefault('visualizer', dict(type='mmvmtl.VideoMTLVisualizer'))


class CollectPredictions(BaseMetric):
    """Keep what was predicted, as plain data, in place of measuring it.

    After the evaluation ``videos`` holds, on the main process, one record a
    video: ``video_id``, ``video_name``, ``frames`` and ``clips``. A picture
    of MMDetection's is a video of one frame, named by its path.
    """

    default_prefix = None

    def __init__(self) -> None:
        super().__init__(collect_device='cpu')
        self.videos: list[dict] = []

    def process(
        self, data_batch: dict | None, data_samples: Sequence[dict]
    ) -> None:
        """Make records of the clips of a batch."""
        for sample in data_samples:
            if 'video_data_samples' not in sample:
                sample = _as_video(sample)
            frames = sample['video_data_samples']
            self.results.append(
                {
                    'video': {
                        'video_id': sample['video_id'],
                        'video_name': sample.get('video_name'),
                        **_origin(sample),
                    },
                    'frames': [frame_record(frame) for frame in frames],
                    'clip': clip_record(sample),
                }
            )

    def compute_metrics(self, results: list) -> dict:
        """Join the chunks of each video; there is nothing to measure."""
        videos: dict = defaultdict(lambda: {'frames': [], 'clips': []})
        for chunk in results:
            video = videos[tuple(chunk['video'].items())]
            video['frames'] += chunk['frames']
            if chunk['clip']:
                first = chunk['frames'][0]['frame']
                video['clips'].append({'frame': first, **chunk['clip']})
        self.videos = [{**dict(key), **video} for key, video in videos.items()]
        return {}


def _origin(sample: dict) -> dict[str, str]:
    """Data set and domain, which tell videos of one name apart."""
    return {
        key: sample[key] for key in ('dataset', 'domain') if sample.get(key)
    }


def _as_video(picture: dict) -> dict:
    frame = DetDataSample(metainfo=dict(frame_id=0))
    frame.pred_instances = InstanceData(**picture['pred_instances'])
    return {
        'video_id': picture.get('img_id'),
        'video_name': picture.get('img_path'),
        'video_data_samples': [frame],
    }


def collect_predictions(
    runner: Runner, out: str | None
) -> CollectPredictions | None:
    """Let the evaluator keep predictions, in the way ``out`` needs them."""
    if out is None:
        return None
    if out.endswith('.pkl'):
        dump = DumpResults(out_file_path=out)
    else:
        dump = CollectPredictions()
    runner.test_evaluator.metrics.append(dump)
    return dump


def write_out(out: str | None, metrics: dict, dump: BaseMetric | None) -> None:
    """Write the JSON of metrics and predictions, on the main process."""
    if isinstance(dump, CollectPredictions) and is_main_process():
        text = json_text({'metrics': metrics, 'videos': dump.videos})
        Path(out).write_text(text, encoding='utf-8')
