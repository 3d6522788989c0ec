# shellcheck shell=sh
# Sourced by examples/run and tests/run, from the top of the tree.
#
# need_packages PACKAGE ...   installs those Debian packages that are missing, or says what to install
#                             and stops.
# build_into FOLDER OPTION .. configures that build folder, if that was not done yet, and builds; what
#                             meson and ninja say is shown only if they fail.

# "yes" if dpkg has it installed.
package_is_there() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed$'
}

need_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        need_programs "$@"
        return
    fi
    missing=
    for package in "$@"; do
        package_is_there "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "These packages are missing, and there is no sudo to install them with:$missing" >&2
            echo "As root: apt-get install$missing" >&2
            exit 1
        fi
        as_root=sudo
    fi
    echo "Installing:$missing"
    # Words on purpose: $as_root may be nothing, $missing is a list.
    # shellcheck disable=SC2086
    if ! { $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $missing >/dev/null; }; then
        echo "apt-get could not install:$missing" >&2
        echo "Install them by hand and start again." >&2
        exit 1
    fi
}

# Where there is no dpkg: what the packages are for must be there already.
need_programs() {
    missing=
    for program in cc meson ninja pkg-config protoc-c python3; do
        command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
    done
    if [ -z "$missing" ]; then
        for library in openblas jansson libprotobuf-c zlib; do
            pkg-config --exists "$library" || missing="$missing $library"
        done
    fi
    [ -n "$missing" ] || return 0
    echo "This is no Debian or Ubuntu, so nothing is installed for you. Missing:$missing" >&2
    echo "Install them (on Debian the packages are: $*) and start again." >&2
    exit 1
}

build_into() {
    folder=$1
    shift
    log=$(mktemp)
    if { [ -f "$folder/build.ninja" ] || meson setup "$folder" "$@"; } >"$log" 2>&1 &&
        ninja -C "$folder" >"$log" 2>&1; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
}
