# bash completion for usbipc. To use it: . <(usbipc completion bash)

_usbipc() {
  local line=${COMP_LINE:0:COMP_POINT} word value
  local -a words
  read -ra words <<<"$line"
  # The word under the cursor is empty after a blank.
  [[ $line == *[[:blank:]] ]] && words+=("")
  word=${words[-1]}

  # Readline replaces only what follows the last = or : or @ of a word, as far as it is set to break words there.
  local at breaks= kept=
  for at in = : @; do
    [[ $COMP_WORDBREAKS == *"$at"* ]] && breaks+=$at
  done
  [[ $breaks ]] && kept=${word%"${word##*[$breaks]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r value _; do
    COMPREPLY+=("${value#"$kept"}")
  done < <(usbipc complete -- "${words[@]:1}" 2>/dev/null)
  # A selector that goes on after its key, as in serial=.
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}

# Where nothing is known, files: behind -- stands a command.
complete -o default -F _usbipc usbipc
