# Types into an interactive zsh on a pseudo-terminal, as a user does.
# usage: zsh -f cli_complete.zsh FOLDER TYPED WANTED [TYPED WANTED...]
# FOLDER holds a completion function; after TYPED and a tab, WANTED (a pattern) must appear on the
# screen. If it never does, the caller's time limit ends the wait.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; print ready-\$((6 * 7))"
zpty -r -m z screen '*ready-42*' || exit 1
shift
while (( $# )); do
    zpty -n -w z "$1"$'\t'
    zpty -r -m z screen "*$2*" || exit 1
    print -r -- "$1"
    zpty -n -w z $'\x15' # clears the line
    shift 2
done
zpty -d z
