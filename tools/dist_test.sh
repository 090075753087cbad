#!/usr/bin/env bash
# Evaluate on one or more machines with torchrun; gloo where there is no GPU.
#   tools/dist_test.sh CONFIG CHECKPOINT NUM_PROCESSES [options of tools/test.py]
# More machines: set NNODES, NODE_RANK, MASTER_ADDR (and PORT) on each.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "error: usage: $0 CONFIG CHECKPOINT NUM_PROCESSES [options]" >&2
    exit 2
fi
config=$1 checkpoint=$2 processes=$3
shift 3
tools=$(dirname "$0")
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$processes" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
