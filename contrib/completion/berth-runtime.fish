# fish completion of berth-runtime: install it as completions/berth-runtime.fish.
# Verbs and flags are asked of the program's own help, so they are always those of the installed version.

function __berth_runtime_verb --description 'The verb on the command line, if there is one'
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
        else if string match -qr '^--(log|log-format|log-level|root|cgroup-manager|rootless|criu)$' -- $word
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
            return 0
        end
    end
    return 1
end

function __berth_runtime_root --description 'The --root of the command line'
    set -l words (commandline -opc)
    for i in (seq (count $words))
        test "$words[$i]" = --root; and echo --root; and echo $words[(math $i + 1)]; and return
    end
end

function __berth_runtime_flags --description 'Flags of a help text: name, tab, what it does'
    berth-runtime $argv --help 2>/dev/null | awk '
        match($0, /^ +--[A-Za-z0-9-]+/) {
            name = substr($0, RSTART, RLENGTH); text = substr($0, RSTART + RLENGTH); sub(/^ +/, "", name)
            if (match(text, /  +[^ ]/)) text = substr(text, RSTART + RLENGTH - 1); else text = ""
            print name "\t" text
        }'
end

function __berth_runtime_verbs
    berth-runtime --help 2>/dev/null | awk '/^COMMANDS:/ { on = 1; next } /^[A-Z]/ { on = 0 } on && NF { name = $1; sub(",", "", name); $1 = ""; sub(/^ +/, ""); print name "\t" $0 }'
end

function __berth_runtime_containers
    berth-runtime (__berth_runtime_root) list --quiet 2>/dev/null
end

function __berth_runtime_has --description 'Whether the verb is one of these'
    contains -- (__berth_runtime_verb) $argv
end

function __berth_runtime_after --description 'Whether the word before is one of these'
    contains -- (commandline -opc)[-1] $argv
end

complete -c berth-runtime -f
complete -c berth-runtime -n 'not __berth_runtime_verb; and not __berth_runtime_after --log --log-format --log-level --root --cgroup-manager --rootless --criu' -a '(__berth_runtime_verbs)'
complete -c berth-runtime -n 'not __berth_runtime_verb; and string match -q -- "-*" (commandline -ct)' -a '(__berth_runtime_flags)'
complete -c berth-runtime -n '__berth_runtime_verb; and string match -q -- "-*" (commandline -ct)' -a '(__berth_runtime_flags (__berth_runtime_verb))'
complete -c berth-runtime -n '__berth_runtime_has start state kill delete exec ps pause resume update events' -a '(__berth_runtime_containers)'
complete -c berth-runtime -n '__berth_runtime_has mounts; and __berth_runtime_after mounts' -a 'add remove'
complete -c berth-runtime -n '__berth_runtime_has mounts; and __berth_runtime_after add remove' -a '(__berth_runtime_containers)'
complete -c berth-runtime -n '__berth_runtime_has mounts; and not __berth_runtime_after mounts add remove' -F
complete -c berth-runtime -n '__berth_runtime_has kill' -a 'TERM KILL INT HUP QUIT USR1 USR2 STOP CONT WINCH'
complete -c berth-runtime -n '__berth_runtime_has help' -a '(__berth_runtime_verbs)'
complete -c berth-runtime -n '__berth_runtime_after --log-format' -a 'text json'
complete -c berth-runtime -n '__berth_runtime_after --log-level' -a 'debug info warning error'
complete -c berth-runtime -n '__berth_runtime_after --cgroup-manager' -a 'cgroupfs systemd disabled'
complete -c berth-runtime -n '__berth_runtime_after --rootless' -a 'true false auto'
complete -c berth-runtime -n '__berth_runtime_after --format -f; and __berth_runtime_has list ps plan' -a 'table json'
complete -c berth-runtime -n '__berth_runtime_after --format; and __berth_runtime_has validate' -a 'text json'
complete -c berth-runtime -n '__berth_runtime_after --compliance-level' -a 'must should may'
complete -c berth-runtime -n '__berth_runtime_after --root --bundle -b --path' -a '(__fish_complete_directories (commandline -ct))'
complete -c berth-runtime -n '__berth_runtime_after --log --config --pid-file --console-socket --pidfd-socket --process -p --resources -r --trace --criu --template --output --env-file' -F
