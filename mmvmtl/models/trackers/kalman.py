"""Constant-velocity Kalman filter over all tracks of a stream at once.

A box is (cx, cy, w, h); its four coordinates move independently, so the
8x8 covariance of the textbook filter is four 2x2 blocks and stays so under
prediction and update. A state is one array (5, N, 4): position, velocity,
and the block's var(position), cov(position, velocity), var(velocity).
Nothing is inverted but numbers, and no call depends on N.

Noise is relative to the box, as in `DeepSORT
<https://arxiv.org/abs/1703.07402>`_, but each axis to its own side (w for
cx and w, h for cy and h), as in `BoT-SORT
<https://arxiv.org/abs/2206.14651>`_.
"""

from __future__ import annotations

import numpy as np

_SIDES = np.array([2, 3, 2, 3])


class Kalman:
    """The filter; it holds the noise only, states are handed around.

    Args:
        std_position (float): Standard deviation of a step in position and of
            a measurement, as a fraction of the box side.
        std_velocity (float): The same of a step in velocity, per frame.
    """

    def __init__(
        self, std_position: float = 1 / 20, std_velocity: float = 1 / 160
    ) -> None:
        self.var_position = std_position**2
        self.var_velocity = std_velocity**2

    def initiate(self, boxes: np.ndarray) -> np.ndarray:
        """State (5, N, 4) of tracks seen once at ``boxes`` (N, 4), at rest.

        Standard deviations are 2 and 10 times those of a step, as in
        DeepSORT.
        """
        state = np.zeros((5, *boxes.shape))
        sides = np.square(boxes[:, _SIDES])
        state[0] = boxes
        state[2] = 4 * self.var_position * sides
        state[4] = 100 * self.var_velocity * sides
        return state

    def predict(self, state: np.ndarray, gap: int) -> np.ndarray:
        r"""State after ``gap`` >= 1 frames without a measurement.

        :math:`P \to F^k P F^{kT} + \sum_{j<k} F^j Q F^{jT}` in closed form,
        with Q of the sides at the start. A side keeps at least half its
        length, so boxes stay boxes whatever their velocity.
        """
        position, velocity, var, cov, var_v = state
        k = float(gap)
        sides = np.square(position[:, _SIDES])
        q = self.var_velocity * sides
        out = np.empty_like(state)
        out[0] = position + k * velocity
        np.maximum(out[0, :, 2:], position[:, 2:] / 2, out=out[0, :, 2:])
        out[1] = velocity
        out[2] = var + 2 * k * cov + k * k * var_v
        out[2] += k * self.var_position * sides
        out[3] = cov + k * var_v
        out[4] = var_v + k * q
        if gap > 1:
            out[2] += (k - 1) * k * (2 * k - 1) / 6 * q
            out[3] += k * (k - 1) / 2 * q
        return out

    def update(self, state: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """State corrected by the measured ``boxes`` (N, 4), one a track."""
        position, velocity, var, cov, var_v = state
        noise = self.var_position * np.square(position[:, _SIDES])
        total = var + noise
        gain, gain_v = var / total, cov / total
        residual = boxes - position
        rest = noise / total
        return np.stack(
            [
                position + gain * residual,
                velocity + gain_v * residual,
                rest * var,
                rest * cov,
                var_v - gain_v * cov,
            ]
        )

    def update_velocity(
        self, state: np.ndarray, velocities: np.ndarray, std: float
    ) -> np.ndarray:
        """State corrected by measured velocities of the centre.

        Args:
            state: (5, N, 4).
            velocities: (N, 2) in pixels per frame; a row with NaN or
                infinity is unknown and changes nothing.
            std: Standard deviation of a measurement, as a fraction of the
                box side per frame.
        """
        known = np.isfinite(velocities).all(axis=1)[:, None]
        position, velocity, var, cov, var_v = state[:, :, :2]
        total = var_v + np.square(std * state[0, :, 2:])
        gain, gain_v = cov / total, var_v / total
        residual = np.where(known, velocities - velocity, 0)
        out = state.copy()
        out[0, :, :2] = position + gain * residual
        out[1, :, :2] = velocity + gain_v * residual
        out[2, :, :2] = np.where(known, var - gain * cov, var)
        out[3, :, :2] = np.where(known, cov - gain * var_v, cov)
        out[4, :, :2] = np.where(known, var_v - gain_v * var_v, var_v)
        return out

    def replay(
        self, state: np.ndarray, boxes: np.ndarray, gaps: np.ndarray
    ) -> np.ndarray:
        """State at ``boxes`` after gaps filled by a straight line.

        Args:
            state: (5, N, 4) at the last observation.
            boxes: (N, 4) the new one.
            gaps: (N,) frames between them, >= 1.
        """
        state = state.copy()
        start = state[0].copy()
        for frame in range(1, int(gaps.max()) + 1):
            on = np.flatnonzero(gaps >= frame)
            share = (frame / gaps[on])[:, None]
            line = start[on] + share * (boxes[on] - start[on])
            state[:, on] = self.update(self.predict(state[:, on], 1), line)
        return state


def to_cxcywh(boxes: np.ndarray) -> np.ndarray:
    """Boxes ``[x1, y1, x2, y2]`` (N, 4) to ``[cx, cy, w, h]``."""
    out = np.empty_like(boxes)
    np.subtract(boxes[:, 2:], boxes[:, :2], out=out[:, 2:])
    np.add(boxes[:, 2:], boxes[:, :2], out=out[:, :2])
    out[:, :2] /= 2
    return out


def to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """Boxes ``[cx, cy, w, h]`` (N, 4) to ``[x1, y1, x2, y2]``."""
    out = np.empty_like(boxes)
    half = boxes[:, 2:] / 2
    np.subtract(boxes[:, :2], half, out=out[:, :2])
    np.add(boxes[:, :2], half, out=out[:, 2:])
    return out
