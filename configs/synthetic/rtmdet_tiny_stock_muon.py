"""Stock MMDet RTMDet-tiny, trained with our optimiser: a floor.

python tools/train.py configs/synthetic/rtmdet_tiny_stock_muon.py
"""

_base_ = './rtmdet_tiny_stock.py'

optim_wrapper = dict(optimizer=dict(type='mmvmtl.Muon', lr=4e-3))
