# bash completion of berth-runtime: source it, or install it as share/bash-completion/completions/berth-runtime.
# Verbs and flags are asked of the program's own help, so they are always those of the installed version.

# Flags of a help text, one a line; those that take a value have a '=' behind them.
_berth_runtime_flags() {
    "${COMP_WORDS[0]}" $1 --help 2>/dev/null | awk '
        match($0, /^ +--[A-Za-z0-9-]+/) {
            name = substr($0, RSTART, RLENGTH); rest = substr($0, RSTART + RLENGTH)
            sub(/^ +/, "", name)
            value = rest ~ /^ [^ ]/ ? "=" : ""
            print name value
            if (match(rest, /, -[a-z]/)) print substr(rest, RSTART + 2, 2) value
        }'
}

_berth_runtime_verbs() {
    "${COMP_WORDS[0]}" --help 2>/dev/null | awk '/^COMMANDS:/ { on = 1; next } /^[A-Z]/ { on = 0 } on && NF { sub(",", "", $1); print $1 }'
}

_berth_runtime_takes_value() {
    local flags=$1 word=$2
    [[ $'\n'$flags$'\n' == *$'\n'"$word="$'\n'* ]]
}

_berth_runtime() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= verb_at=0 arguments=0 i
    local globals root=()
    COMPREPLY=()
    globals=$(_berth_runtime_flags "")

    # The verb is the first word that is neither a flag nor the value of one.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --root) root=(--root "${COMP_WORDS[i+1]}"); ((i++)) ;;
            -*) _berth_runtime_takes_value "$globals" "${COMP_WORDS[i]}" && ((i++)) ;;
            *) verb=${COMP_WORDS[i]}; verb_at=$i; break ;;
        esac
    done

    case $prev in
        --root|--bundle|-b) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --log|--config|--pid-file|--console-socket|--pidfd-socket|--process|-p|--resources|-r|--trace|--criu|--template|--output|--env-file|--path)
            COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --log-format) COMPREPLY=($(compgen -W "text json" -- "$cur")); return ;;
        --log-level) COMPREPLY=($(compgen -W "debug info warning error" -- "$cur")); return ;;
        --cgroup-manager) COMPREPLY=($(compgen -W "cgroupfs systemd disabled" -- "$cur")); return ;;
        --rootless) COMPREPLY=($(compgen -W "true false auto" -- "$cur")); return ;;
        --compliance-level) COMPREPLY=($(compgen -W "must should may" -- "$cur")); return ;;
        --format|-f)
            [[ $verb == validate ]] && COMPREPLY=($(compgen -W "text json" -- "$cur")) && return
            [[ $verb == list || $verb == ps || $verb == plan ]] && COMPREPLY=($(compgen -W "table json" -- "$cur")) && return ;;
    esac

    if [[ -z $verb ]]; then
        if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${globals//=/}" -- "$cur")); return; fi
        COMPREPLY=($(compgen -W "$(_berth_runtime_verbs)" -- "$cur"))
        return
    fi

    local flags
    flags=$(_berth_runtime_flags "$verb")
    for ((i = verb_at + 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -*) _berth_runtime_takes_value "$flags" "${COMP_WORDS[i]}" && ((i++)) ;;
            *) ((arguments++)) ;;
        esac
    done
    # Behind the container, the words of exec and ps belong to somebody else.
    if [[ $arguments -gt 0 && ($verb == exec || $verb == ps) ]]; then COMPREPLY=($(compgen -f -- "$cur")); return; fi
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${flags//=/}" -- "$cur")); return; fi
    case $verb in
        create|run|spec|features|info|list|plan|generate|validate) ;;
        help) COMPREPLY=($(compgen -W "$(_berth_runtime_verbs)" -- "$cur")) ;;
        mounts)
            case $arguments in
                0) COMPREPLY=($(compgen -W "add remove" -- "$cur")) ;;
                1) COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${root[@]}" list --quiet 2>/dev/null)" -- "$cur")) ;;
                *) COMPREPLY=($(compgen -f -- "$cur")) ;;
            esac ;;
        kill)
            if ((arguments > 0)); then
                COMPREPLY=($(compgen -W "TERM KILL INT HUP QUIT USR1 USR2 STOP CONT WINCH" -- "$cur"))
                return
            fi ;;&
        *) ((arguments == 0)) && COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${root[@]}" list --quiet 2>/dev/null)" -- "$cur")) ;;
    esac
}

complete -F _berth_runtime berth-runtime
