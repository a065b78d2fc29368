#compdef usbipc
# zsh completion for usbipc. To use it: . <(usbipc completion zsh)

_usbipc() {
  # Behind -- stands a command.
  local end=${words[(ie)--]}
  if (( end < CURRENT )); then
    shift end words
    (( CURRENT -= end ))
    _normal
    return
  fi
  local line
  local -a candidates
  for line in "${(@f)$(usbipc complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe -V usbipc candidates
}

# A file of $fpath is the function itself, the first time.
if [[ $funcstack[1] == _usbipc ]]; then
  _usbipc
else
  compdef _usbipc usbipc
fi
