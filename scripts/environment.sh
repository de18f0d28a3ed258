# Sourced by the scripts beside it: makes a virtual environment and says what it does. Not a command of its own.
#   environment <folder> "<files that decide>" <pip arguments…>   installs once, and again when one of the files changed
# Needs Python 3.11 to 3.13; PYTHON=/path/to/python chooses one.

find_python() {
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "pole-agent needs Python 3.11, 3.12 or 3.13; on Debian, Ubuntu or Raspberry Pi OS: sudo apt install python3 python3-venv" >&2
  return 1
}

make_venv() { # <python> <folder>
  if "$1" -m venv "$2" 2>/dev/null; then return; fi
  # Debian and Ubuntu keep ensurepip in a package of its own (python3-venv).
  rm -rf "$2"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing python3-venv"
    { apt-get -qq update && apt-get -qq install -y python3-venv; } >/dev/null
    "$1" -m venv "$2"
  elif "$1" -m virtualenv --version >/dev/null 2>&1; then
    "$1" -m virtualenv -q "$2"
  else
    echo "this Python cannot make virtual environments; install that with: sudo apt install python3-venv" >&2
    return 1
  fi
}

environment() { # <folder> <files that decide> <pip arguments…>
  local folder=$1 files=$2 python mark
  shift 2
  # shellcheck disable=SC2086 # a list of files
  mark=$(cat $files | cksum)
  if [ -x "$folder/bin/python" ] && [ "$mark" = "$(cat "$folder/.installed" 2>/dev/null)" ]; then return; fi
  python=$(find_python)
  echo "preparing $folder with $("$python" --version) (once; downloads about 120 MB)"
  rm -rf "$folder"
  make_venv "$python" "$folder"
  "$folder/bin/python" -m pip --disable-pip-version-check install -q "$@"
  echo "$mark" >"$folder/.installed"
}
