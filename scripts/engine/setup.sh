#!/usr/bin/env bash
# Installs the real vllm-mlx and makes its test models under .cache/engine (about 400 MB). Does nothing when both are there
# and made from these very files. Exits 3, with one line on stderr, when this machine cannot have them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$here/../../.cache/engine
venv=$cache/venv models=$cache/models
vllm_mlx=vllm-mlx==0.6.0

cannot() { echo "engine setup: $*" >&2; exit 3; }

fingerprint() { cat "$@" | cksum; }
fresh() { [ -f "$1/.stamp" ] && [ "$(cat "$1/.stamp")" = "$2" ]; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.10; do
    "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo "$candidate" && return
  done
  cannot "no Python 3.10 or newer with venv found (on Debian: apt install python3-venv); set PYTHON to use another one"
}

install_engine() {
  local python pip
  python=$(find_python) || exit $?
  # MLX compiles a few fused kernels when the first request comes.
  command -v g++ >/dev/null || command -v clang++ >/dev/null || cannot "no C++ compiler found (on Debian: apt install g++)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
  { "${pip[@]}" -r "$here/requirements.txt" && "${pip[@]}" --no-deps "$vllm_mlx"; } ||
    cannot "pip could not install the packages of $here/requirements.txt; see its message above"
}

make_models() {
  # Aside first: another run may be using the ones that are there.
  local made
  made=$(mktemp -d "$cache/models.XXXXXX")
  "$venv/bin/python" "$here/make_tiny.py" "$made/tiny"
  "$venv/bin/python" "$here/make_tiny.py" "$made/strict" --strict-system
  "$venv/bin/python" "$here/make_tiny.py" "$made/slow-prefill" --preset slow-prefill
  echo "$1" >"$made/.stamp"
  rm -rf "$models"
  mv "$made" "$models"
}

mkdir -p "$cache"
engine_stamp=$(fingerprint "$here/requirements.txt" "$here/setup.sh")
if ! fresh "$venv" "$engine_stamp"; then
  install_engine
  echo "$engine_stamp" >"$venv/.stamp"
fi
models_stamp=$(fingerprint "$here/make_tiny.py" "$here/scripted_model.py")
if ! fresh "$models" "$models_stamp"; then
  make_models "$models_stamp"
fi
