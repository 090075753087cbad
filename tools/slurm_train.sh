#!/usr/bin/env bash
# Train under slurm, one task per GPU.
#   GPUS=8 tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options of train.py]
# GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS may be set as well.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "error: usage: $0 PARTITION JOB_NAME CONFIG [options]" >&2
    exit 2
fi
partition=$1 name=$2 config=$3
shift 3
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
tools=$(dirname "$0")
# SRUN_ARGS holds several words on purpose.
# shellcheck disable=SC2086
exec srun --partition="$partition" --job-name="$name" \
    --gres=gpu:"$per_node" --ntasks="$gpus" --ntasks-per-node="$per_node" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$tools/train.py" "$config" --launcher slurm "$@"
