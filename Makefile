# `make demo` and `make test` do everything; `make help` lists the rest.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' \
	2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
PY := $(VENV)/bin/python
FORK := .venv-fork/bin/python
JOBS ?= 2
# What `make demo-full` leaves.
PRETRAINED ?= work_dirs/demo/train/epoch_16.pth
# Where meta-learning and what it is compared with begin.
META := configs/meta
BEFORE := work_dirs/pretrain_rtmdet_tiny/epoch_16.pth
BEFORE_CLASSES := work_dirs/pretrain_three_classes_rtmdet_tiny/epoch_16.pth

# Two processes that each start as many threads as there are cores are slow.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := -m pytest -q -n $(JOBS) --dist worksteal

.PHONY: help setup demo demo-full test lint format mutants setup-fork \
	test-fork doctor bench-overfit bench-seeds bench-zebrafish bench-three \
	bench-finetune bench-mtl bench-telemetry bench-transfer \
	bench-generalise bench-meta

help:  ## print this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | \
		awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup:  ## .venv with the pinned stack; first time under 15 minutes
	@test -n "$(PYTHON)" || { echo 'error: no Python 3.10-3.12 with venv;' \
		'install one or name it: make setup PYTHON=...' >&2; exit 2; }
	@$(PYTHON) tools/setup_env.py --venv $(VENV)

demo: setup  ## the main job on the synthetic world, at most 10 minutes
	$(PY) tools/demo.py --budget short

demo-full: setup  ## the same with the budget that reaches the numbers
	$(PY) tools/demo.py --budget full

test: setup  ## all tests, two processes
	$(TEST_ENV) $(PY) $(PYTEST) tests

lint: setup  ## ruff check, ruff format, mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: setup  ## let ruff mend what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

mutants: setup  ## one-line mutations, each of which must turn a test red
	$(TEST_ENV) $(PY) tools/mutants.py --jobs $(JOBS)

bench-overfit: setup  ## each detector learns 8 frames: tools/overfit.py
	$(PY) tools/overfit.py --out docs/results/overfit.json

bench-seeds: setup  ## joint, alone and stock over seeds; many hours
	$(PY) tools/bench_training.py --out docs/results/seeds.json --rows \
		joint=configs/synthetic/video_mtl_rtmdet_tiny.py \
		alone=configs/synthetic/detection_only_rtmdet_tiny.py \
		alone_tenth=configs/synthetic/detection_only_tenth_rtmdet_tiny.py \
		stock_muon=configs/synthetic/rtmdet_tiny_stock_muon.py \
		stock=configs/synthetic/rtmdet_tiny_stock.py

bench-zebrafish: setup  ## the real fish over seeds, one run at a time
	$(PY) tools/bench_training.py --out docs/results/zebrafish.json \
		--work-dir work_dirs/bench_zebrafish --jobs 1 \
		--rows zebrafish=configs/zebrafish/video_mtl_rtmdet_tiny.py

bench-three: setup  ## three data sets in one model against each alone; hours
	$(PY) tools/bench_training.py --out docs/results/three_datasets.json \
		--work-dir work_dirs/bench_three --rows \
		joint=configs/multi/three_datasets_rtmdet_tiny.py \
		zebrafish=configs/multi/zebrafish_alone_rtmdet_tiny.py \
		fir_action=configs/multi/fir_action_alone_rtmdet_tiny.py \
		coco128=configs/multi/coco128_alone_rtmdet_tiny.py
	$(PY) tools/analysis/joint_against_alone.py \
		docs/results/three_datasets.json

bench-finetune: setup  ## fine-tuned against scratch on 20 frames
	$(PY) tools/bench_finetune.py --checkpoint $(PRETRAINED)

bench-transfer: setup  ## adaptation to fog, night and thermal; 90 minutes
	$(PY) tools/bench_transfer.py --checkpoints $(PRETRAINED)

bench-generalise: setup  ## each domain held out in turn, by method; many hours
	MMVMTL_PRETRAINED=$(PRETRAINED) $(PY) tools/leave_one_domain_out.py \
		configs/domain/generalise_erm.py

work_dirs/pretrain_%/epoch_16.pth: | setup
	$(PY) tools/train.py $(META)/pretrain_$*.py

bench-meta: setup $(BEFORE) $(BEFORE_CLASSES)  ## few shots, after meta-learning and plain training; hours
	set -e; export MMVMTL_META_PRETRAINED=$(BEFORE) \
		MMVMTL_META_PRETRAINED_CLASSES=$(BEFORE_CLASSES); \
		for config in continued_rtmdet_tiny fomaml_new_domain \
		continued_three_classes_rtmdet_tiny fomaml_new_classes; do \
		$(PY) tools/train.py $(META)/$$config.py; done
	$(PY) tools/eval_episodes.py $(META)/fomaml_new_classes.py \
		--out docs/results/few_shot_classes.json --checkpoints \
		meta=work_dirs/fomaml_new_classes/iter_200.pth \
		pretrained=$(BEFORE_CLASSES) \
		continued=work_dirs/continued_three_classes_rtmdet_tiny/iter_200.pth
	$(PY) tools/eval_episodes.py $(META)/fomaml_new_domain.py \
		--out docs/results/few_shot_domain.json --checkpoints \
		meta=work_dirs/fomaml_new_domain/iter_200.pth \
		pretrained=$(BEFORE) \
		continued=work_dirs/continued_rtmdet_tiny/iter_200.pth

bench-mtl: setup  ## what every way to combine tasks reaches and costs; hours
	$(PY) tools/bench_mtl.py --out docs/results/joint_steps.json
	$(PY) tools/analysis/negative_transfer.py \
		configs/synthetic/video_mtl_rtmdet_tiny_short.py \
		--step-times docs/results/joint_steps.json \
		--cfg-options optim_wrapper.optimizer.lr=8e-3 \
		--out docs/results/joint.json --methods fixed RLW \
		UncertaintyWeighting IMTLL FAMO fixed+AlignedMTL fixed+UPGrad

bench-telemetry: setup  ## what a look at the tasks adds to a training step
	$(PY) tools/bench_telemetry.py --out docs/results/telemetry.json

bench-%: setup  ## a measurement by name: tools/benchmark.py <name>
	$(PY) tools/benchmark.py $*

doctor: setup  ## what is installed, what works, what mends the rest
	$(PY) -m mmvmtl.doctor

setup-fork:  ## .venv-fork with the maintained onedl-* family
	@$(PYTHON) tools/setup_env.py --family fork --venv .venv-fork

test-fork: setup-fork  ## all tests on that family
	$(TEST_ENV) $(FORK) $(PYTEST) tests
