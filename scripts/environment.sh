# Sourced by the scripts beside it: makes a virtual environment and says what it does. Not a command of its own.
#   project <folder> [dev]                                        the agent itself, editable, with the tested versions; dev: what contributors need too
#   environment <folder> "<files that decide>" <pip arguments…>   installs once, and again when one of the files changed
# uv does it from uv.lock where it is installed, else pip with scripts/constraints.txt: the same versions.
# Needs Python 3.11 to 3.13; PYTHON=/path/to/python chooses one.

# Without compiled files each of the hundreds of agents that tests and measurements start would compile the package again.
unset PYTHONDONTWRITEBYTECODE

find_python() {
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      # Of a virtual environment that is active the one behind it: it may be what is made anew.
      "$candidate" -c 'import os, sys; sys.exit(sys.prefix == sys.base_prefix or print(os.path.realpath(sys.executable)))' || command -v "$candidate"
      return
    fi
  done
  echo "pole-agent needs Python 3.11, 3.12 or 3.13; on Debian, Ubuntu or Raspberry Pi OS: sudo apt install python3 python3-venv" >&2
  return 1
}

apt_install() { # <package…>: as root, without questions; what apt says is shown only when it fails
  local said
  # shellcheck disable=SC2048,SC2086 # a list of packages, perhaps in one word
  said=$(export DEBIAN_FRONTEND=noninteractive; { apt-get -qq update && apt-get -qq install -y --no-install-recommends $*; } 2>&1) && return
  echo "apt cannot install $*:" >&2
  echo "$said" | tail -n 3 >&2
  return 1
}

make_venv() { # <python> <folder>
  # What venv says without ensurepip goes to its standard output, nine lines of it. We say it in one.
  if "$1" -m venv "$2" >/dev/null 2>&1; then return; fi
  # Debian and Ubuntu keep ensurepip in a package of its own (python3-venv).
  rm -rf "$2"
  if "$1" -m virtualenv --version >/dev/null 2>&1; then
    "$1" -m virtualenv -q "$2"
  elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing python3-venv"
    apt_install python3-venv && "$1" -m venv "$2"
  else
    echo "python3-venv is missing. Install it, then run this again: sudo apt install python3-venv" >&2
    return 1
  fi
}

megabytes() { du -sm "$1" 2>/dev/null | cut -f1; }

tell_progress() { # <folder> <scratch>: a line every few seconds, until the scratch folder or this script is gone
  local begun=$SECONDS got has
  while sleep 4 && kill -0 $$ 2>/dev/null && [ -d "$2" ]; do
    got=$(megabytes "$2") has=$(megabytes "$1")
    echo "  $((SECONDS - begun)) s: ${got:-0} MB downloaded, ${has:-0} MB installed"
  done
}

group_packages() { # <group>: its lines in pyproject.toml: pip knows groups only from 25.1
  sed -n "/^$1 = \\[\$/,/^\\]\$/s/^  \"\\(.*\\)\",\$/\\1/p" pyproject.toml
}

uv_sync() { # <folder> [dev]: what uv.lock says. pip and whatever else is in the folder stay
  local folder=$1
  shift
  # shellcheck disable=SC2068 # nothing, or one word
  UV_PROJECT_ENVIRONMENT=$PWD/$folder uv sync --quiet --locked --inexact --no-default-groups ${@:+--group dev --group standards --extra onvif}
}

pip_install() { # <pip arguments…>, with the folders of install_packages. Few retries: who is offline shall hear it soon. They hold for the pip that pip starts, too
  PIP_RETRIES=${PIP_RETRIES:-2} TMPDIR=$scratch "$folder/bin/python" -m pip --disable-pip-version-check install --progress-bar off "$@"
}

install_packages() { # <folder of the environment> <scratch> <pip arguments…>: one sentence when it fails
  local folder=$1 scratch=$2 said=$2/said standards=()
  shift 2
  if [ "$1" = --project ]; then
    local group=${2:-}
    if command -v uv >/dev/null && uv_sync "$folder" $group >"$said" 2>&1; then return; fi
    if [ -z "$group" ]; then set -- -c scripts/constraints.txt -e .; else
      mapfile -t packages < <(group_packages dev)
      mapfile -t standards < <(group_packages standards)
      set -- -c scripts/constraints.txt -e '.[onvif]' "${packages[@]}"
    fi
  fi
  if { pip_install "$@" && { [ ${#standards[@]} = 0 ] || pip_install --no-deps "${standards[@]}"; }; } >"$said" 2>&1; then return; fi
  if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Failed to establish a new connection' "$said"; then
    echo "the packages cannot be downloaded: the package index does not answer. Is this machine online? Then run this again." >&2
  elif grep -q 'No space left on device' "$said"; then
    echo "the packages cannot be installed: the disk is full. About 500 MB are needed." >&2
  else
    echo "the packages cannot be installed; pip says:" >&2
    tail -n 8 "$said" >&2
  fi
  return 1
}

environment() { # <folder> <files that decide> <pip arguments…>
  local folder=$1 files=$2 python mark scratch beat status=0
  shift 2
  # shellcheck disable=SC2086 # a list of files
  mark=$(cat $files | cksum)
  if [ -x "$folder/bin/python" ] && [ "$mark" = "$(cat "$folder/.installed" 2>/dev/null)" ]; then return; fi
  scratch=$(mktemp -d)
  # What is there already stays, where it still runs: mostly nothing is to be downloaded then.
  if [ -e "$folder/.installed" ] && "$folder/bin/python" -c '' 2>/dev/null; then
    echo "bringing $folder up to date"
    if install_packages "$folder" "$scratch" "$@" 2>/dev/null; then
      rm -rf "$scratch"
      echo "$mark" >"$folder/.installed"
      return
    fi
  fi
  python=$(find_python) || return 1
  echo "preparing $folder with $("$python" --version), once: ${size:-about 130 MB} to download"
  rm -rf "$folder"
  tell_progress "$folder" "$scratch" &
  beat=$!
  { make_venv "$python" "$folder" && install_packages "$folder" "$scratch" "$@"; } || status=1
  kill "$beat" 2>/dev/null || true
  wait "$beat" 2>/dev/null || true
  rm -rf "$scratch"
  [ "$status" = 0 ] || return 1
  echo "$mark" >"$folder/.installed"
}

project() { # <folder> [dev]
  environment "$1" "pyproject.toml scripts/constraints.txt uv.lock" --project "${@:2}"
}
