# fish completion for usbipc. To use it: usbipc completion fish | source

complete --command usbipc --no-files --keep-order --arguments '(usbipc complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
