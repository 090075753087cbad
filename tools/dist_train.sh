#!/usr/bin/env bash
# Train on one or more machines with torchrun; gloo where there is no GPU.
#   tools/dist_train.sh CONFIG NUM_PROCESSES [options of tools/train.py]
# More machines: set NNODES, NODE_RANK, MASTER_ADDR (and PORT) on each.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "error: usage: $0 CONFIG NUM_PROCESSES [options]" >&2
    exit 2
fi
config=$1 processes=$2
shift 2
tools=$(dirname "$0")
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$processes" \
    "$tools/train.py" "$config" --launcher pytorch "$@"
