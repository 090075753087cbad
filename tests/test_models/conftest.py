"""Small models and clips for the tests of the model."""

import pytest
from small_model import build_model, make_clip, small_model_cfg


@pytest.fixture
def clip():
    """The function that makes a clip."""
    return make_clip


@pytest.fixture(scope='session')
def model_cfg():
    """The default model, narrow and shallow."""
    return small_model_cfg()


@pytest.fixture
def build(model_cfg):
    """Build the small model, changed by the given settings."""
    return lambda **changes: build_model(model_cfg, **changes)
