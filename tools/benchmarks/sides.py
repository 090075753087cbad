"""What one frame costs on every side of the comparison.

A side has ``prepare(t)``, which does a data loader's work, and ``run(data)``,
which is timed: from uint8 frames on the CPU to boxes, ids and labels.
"""

from __future__ import annotations

import torch
from benchmarks import networks
from benchmarks.scene import PERIOD, Scene
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmvmtl.models.inference_form import to_inference_form
from mmvmtl.structures import VideoMTLDataSample


def _frame_sample(scene: Scene, t: int) -> DetDataSample:
    frame = DetDataSample(
        metainfo=dict(
            img_id=t,
            frame_id=t,
            video_id=0,
            video_length=None,
            is_first=t == 0,
            ori_shape=scene.size,
            img_shape=scene.size,
            batch_input_shape=scene.size,
            pad_shape=scene.size,
            scale_factor=(1.0, 1.0),
        )
    )
    frame.gt_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
    )
    return frame


class Ours:
    """Our network as VideoMTLInferencer runs it: all tasks, or only some.

    Args:
        model (ConfigDict): config of the model.
        scene (Scene): what is seen.
        tasks (tuple, optional): only these.
        weights (dict, optional): a state dict.
    """

    def __init__(
        self,
        model: ConfigDict,
        scene: Scene,
        tasks: tuple[str, ...] | None = None,
        weights: dict | None = None,
    ) -> None:
        self.scene = scene
        self.net = networks.build_ours(model).to(scene.device)
        if weights is not None:
            self.net.load_state_dict(weights)
        # For metrics of re-identification only; no user has ground truth.
        self.net.head.heads.track.embed_gt = False
        if tasks is not None:
            self.net.tasks = tasks
        to_inference_form(self.net)
        scene.direct(self.net.head.heads.det.bbox_head)

    def prepare(self, t: int) -> dict:
        """The batch of one frame."""
        self.scene.now = t
        sample = VideoMTLDataSample(
            metainfo=dict(video_id=0, video_name='0', labelled=())
        )
        sample.video_data_samples = [_frame_sample(self.scene, t)]
        image = self.scene.frames[t % PERIOD]
        return dict(inputs=[image[None]], data_samples=[sample])

    @torch.no_grad()
    def run(self, data: dict) -> tuple[int, int | None]:
        """Numbers of boxes, and of tracks if it tracks, of one frame."""
        data = self.net.data_preprocessor(data)
        frame = self.net(**data, mode='predict')[0][0]
        boxes = len(frame.pred_instances)
        if 'pred_track_instances' not in frame:
            return boxes, None
        return boxes, len(frame.pred_track_instances)


class Detector:
    """MMDetection's detector and nothing else."""

    def __init__(
        self,
        model: ConfigDict,
        scene: Scene,
        weights: dict | None = None,
    ) -> None:
        self.scene = scene
        self.net = networks.build_detector(model).to(scene.device)
        if weights is not None:
            self.net.load_state_dict(detector_weights(weights))
        scene.direct(self.net.bbox_head)

    def prepare(self, t: int) -> dict:
        """The batch of one frame."""
        self.scene.now = t
        return dict(
            inputs=[self.scene.frames[t % PERIOD]],
            data_samples=[_frame_sample(self.scene, t)],
        )

    @torch.no_grad()
    def run(self, data: dict) -> tuple[int, int | None]:
        """Numbers of boxes of one frame; it has no tracks."""
        data = self.net.data_preprocessor(data)
        frame = self.net(**data, mode='predict')[0]
        return len(frame.pred_instances), None


def detector_weights(weights: dict) -> dict:
    """Our state dict under the names of MMDetection's detector."""
    head = 'head.heads.det.'
    return {
        name.removeprefix(head): value
        for name, value in weights.items()
        if name.startswith((head, 'backbone.', 'neck.'))
    }


class ThreeNetworks(Detector):
    """Detector and ByteTrack, embeddings of crops, a recogniser.

    The recogniser looks at the windows that our clip head looks at.

    Args:
        model (ConfigDict): config of our model.
        scene (Scene): what is seen.
        weights (dict, optional): our state dict.
        folded (bool): whether the three get the form for inference that
            ours has; MMDetection and MMAction2 do not give it to them.
    """

    def __init__(
        self,
        model: ConfigDict,
        scene: Scene,
        weights: dict | None = None,
        folded: bool = False,
    ) -> None:
        super().__init__(model, scene, weights)
        self.reid = networks.build_reid(model).to(scene.device)
        self.recogniser = networks.build_recogniser(model).to(scene.device)
        if folded:
            for net in (self.net, self.reid, self.recogniser):
                to_inference_form(net)
        self.tracker = networks.stock_tracker()
        clip = networks.clip_windows(model)
        self.window, self.stride, self.hop = clip
        self.score_thr = networks.embedding_threshold(model)
        self.seen: list = []
        self.wait = self.window

    @torch.no_grad()
    def run(self, data: dict) -> tuple[int, int]:
        """Numbers of boxes and tracks of one frame."""
        image = data['inputs'][0]
        data = self.net.data_preprocessor(data)
        frame = self.net(**data, mode='predict')[0]
        found = frame.pred_instances
        found = found[found.scores >= self.score_thr]
        crops = self.tracker.crop_imgs(
            # Each of its edges becomes a number of Python's.
            data['inputs'],
            frame.metainfo,
            found.bboxes.cpu().clone(),
        )
        if len(crops):
            found.embeddings = self.reid(crops)
        boxes = len(frame.pred_instances)
        if found.bboxes.is_cuda:
            # Its many small steps are faster there.
            frame = frame.cpu()
        tracks = self.tracker.track(frame)
        self._recognise(image, frame.frame_id)
        return boxes, len(tracks)

    def _recognise(self, image: torch.Tensor, t: int) -> None:
        from mmaction.structures import ActionDataSample

        if t % self.stride:
            return
        self.seen.append(image)
        del self.seen[: -self.window]
        self.wait -= 1
        if self.wait == 0:
            self.wait = self.hop
            clip = torch.stack(self.seen)
            data = dict(inputs=[clip], data_samples=[ActionDataSample()])
            self.recogniser(
                **self.recogniser.data_preprocessor(data), mode='predict'
            )


#: Name of every side, and how it is built.
SIDES = {
    'ours': Ours,
    'ours_detection_only': lambda *args, **kwargs: Ours(
        *args, tasks=('det',), **kwargs
    ),
    'mmdet_detector': Detector,
    'three_networks': ThreeNetworks,
    'three_networks_folded': lambda *args, **kwargs: ThreeNetworks(
        *args, folded=True, **kwargs
    ),
}
