"""Following objects: Kalman filter, association, lifecycle, all in arrays."""

from mmvmtl.models.trackers.lifecycle import TrackStream
from mmvmtl.models.trackers.video_tracker import VideoTracker

__all__ = ['TrackStream', 'VideoTracker']
