#compdef berth-runtime
# zsh completion of berth-runtime: install it as _berth-runtime in a directory of $fpath.
# Verbs and flags are asked of the program's own help, so they are always those of the installed version.

# Specifications for _arguments out of a help text: "--flag[what it does]:value:action".
_berth_runtime_specs() {
  local program=$1; shift
  "$program" "$@" --help 2>/dev/null | awk '
    match($0, /^ +--[A-Za-z0-9-]+/) {
      name = substr($0, RSTART, RLENGTH); rest = substr($0, RSTART + RLENGTH); sub(/^ +/, "", name)
      value = rest ~ /^ [^ ]/; star = rest ~ / \*( |$)/; short = ""
      if (match(rest, /, -[a-z]/)) short = substr(rest, RSTART + 2, 2)
      text = rest
      if (match(text, /  +[^ ]/)) text = substr(text, RSTART + RLENGTH - 1); else text = ""
      gsub(/\[|\]|:|\\/, " ", text)
      action = ""
      if (value) {
        action = ":value:"
        if (name ~ /^--(root|bundle|path)$/) action = ":directory:_files -/"
        else if (name ~ /^--(log|config|pid-file|console-socket|pidfd-socket|process|resources|trace|criu|template|output|env-file)$/) action = ":file:_files"
        else if (name == "--log-format") action = ":format:(text json)"
        else if (name == "--format") action = ":format:(table json text)"
        else if (name == "--log-level") action = ":level:(debug info warning error)"
        else if (name == "--cgroup-manager") action = ":manager:(cgroupfs systemd disabled)"
        else if (name == "--rootless") action = ":choice:(true false auto)"
        else if (name == "--compliance-level") action = ":level:(must should may)"
      }
      if (name ~ /^--(env|cap|additional-gids|cgroup)$/) star = 1
      print (star ? "*" : "") name "[" text "]" action
      if (short != "") print (star ? "*" : "") short "[" text "]" action
    }'
}

_berth_runtime_containers() {
  local -a root ids
  (( ${+opt_args[--root]} )) && root=(--root ${(Q)opt_args[--root]})
  ids=(${(f)"$(${(Q)_berth_program} $root list --quiet 2>/dev/null)"})
  _describe container ids
}

_berth-runtime() {
  local curcontext=$curcontext state line _berth_program=$words[1]
  typeset -A opt_args
  local -a specs verbs
  specs=(${(f)"$(_berth_runtime_specs $_berth_program)"})
  _arguments -C $specs '1: :->verb' '*:: :->rest' && return
  case $state in
    verb)
      verbs=(${(f)"$($_berth_program --help 2>/dev/null | awk '/^COMMANDS:/ { on = 1; next } /^[A-Z]/ { on = 0 } on && NF { name = $1; sub(",", "", name); $1 = ""; sub(/^ +/, ""); gsub(":", " "); print name ":" $0 }')"})
      _describe verb verbs ;;
    rest)
      local verb=$words[1]
      specs=(${(f)"$(_berth_runtime_specs $_berth_program $verb)"})
      case $verb in
        create|run) _arguments -s $specs '1:new container id:' ;;
        exec) _arguments -s $specs '1:container:_berth_runtime_containers' '*::command:_normal' ;;
        kill) _arguments -s $specs '1:container:_berth_runtime_containers' '2:signal:(TERM KILL INT HUP QUIT USR1 USR2 STOP CONT WINCH)' ;;
        mounts) _arguments -s $specs '1:what:(add remove)' '2:container:_berth_runtime_containers' '3:list of mounts:_files' ;;
        ps) _arguments -s $specs '1:container:_berth_runtime_containers' '*:option of ps:' ;;
        spec|features|info|list|plan|generate|validate|help) _arguments -s $specs ;;
        *) _arguments -s $specs '1:container:_berth_runtime_containers' ;;
      esac ;;
  esac
}

_berth-runtime "$@"
