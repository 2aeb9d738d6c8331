#!/usr/bin/env bash
# Starts the real vllm-mlx on 127.0.0.1; setup.sh must have run.
#   serve.sh MODE PORT [MODEL] [more vllm-mlx flags...]
# MODE: simple       one generation at a time, others are turned away (the engine's default)
#       simple-wait  one generation at a time, others wait
#       batched      several at once (--continuous-batching)
# MODEL: tiny (default), strict or slow-prefill; see make_tiny.py. It is served under the name "local".
# ENGINE_HOME: a folder of this run's own. The batched engine keeps a prefix cache on disk below HOME between runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../../.cache/engine" && pwd)
mode=$1 port=$2 model=${3:-tiny}
shift $(($# > 3 ? 3 : $#))

args=(serve "$cache/models/$model" --served-model-name local --host 127.0.0.1 --port "$port" --enable-metrics
  --enable-auto-tool-choice --tool-call-parser hermes)
case $mode in
  simple) ;;
  simple-wait) export VLLM_MLX_SIMPLE_ENGINE_LOCK_ADMISSION=wait ;;
  batched) args+=(--continuous-batching --max-num-seqs 4) ;;
  *) echo "serve.sh: unknown mode: $mode" >&2 && exit 2 ;;
esac
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TOKENIZERS_PARALLELISM=false
[ -n "${ENGINE_HOME:-}" ] && export HOME=$ENGINE_HOME
exec "$cache/venv/bin/vllm-mlx" "${args[@]}" "$@"
