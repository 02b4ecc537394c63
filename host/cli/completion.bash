# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# Completion of gantry: the part that stands behind the tables of gen_manual.

# Words of $2 that begin with $1, without the part before the last colon: bash puts the answer
# behind it.
_gantry_words() {
    local before=''
    case $1 in *:*) before=${1%"${1##*:}"} ;; esac
    mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

# Files for -f, folders for -d, that begin with $1.
_gantry_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$2" -- "$1")
}

# For --devices A,B: what stands before the last comma stays.
_gantry_device_list() {
    local list='' name choices=''
    case $1 in *,*) list=${1%,*}, ;; esac
    for name in $_gantry_devices; do choices+=" $list$name"; done
    _gantry_words "$1" "$choices"
}

_gantry_argument() {
    case $1:$2 in
        help:*) _gantry_words "$2" "$_gantry_commands" ;;
        *:-*) _gantry_words "$2" "$(_gantry_options "$1")" ;;
        *) _gantry_files "$2" -f ;;
    esac
}

# Words are taken from the line: bash itself divides them at colons and equals signs.
_gantry() {
    local line=${COMP_LINE:0:COMP_POINT} current='' option='' command kind choices words
    read -ra words <<<"$line"
    case $line in *[[:space:]]) ;; *) current=${words[-1]} && unset 'words[-1]' ;; esac
    COMPREPLY=()
    if ((${#words[@]} < 2)); then
        _gantry_words "$current" "$_gantry_commands help --help --version"
        return
    fi
    command=${words[1]}
    case $current in
        --*=*) option=${current%%=*} current=${current#*=} ;;
        *) [[ ${words[-1]} == -* ]] && option=${words[-1]} ;;
    esac
    [[ $option == -o ]] && option=--output
    read -r kind choices < <(_gantry_value "$command:$option")
    case $kind in
        words) _gantry_words "$current" "$choices" ;;
        device) _gantry_words "$current" "$_gantry_devices" ;;
        devices) _gantry_device_list "$current" ;;
        target)
            _gantry_words "$current" "$_gantry_targets"
            [ ${#COMPREPLY[@]} -gt 0 ] || _gantry_files "$current" -f
            ;;
        folder) _gantry_files "$current" -d ;;
        file) _gantry_files "$current" -f ;;
        other) ;;
        *) _gantry_argument "$command" "$current" ;;
    esac
}
complete -F _gantry gantry
