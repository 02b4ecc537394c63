# SPDX-License-Identifier: Apache-2.0
# What a line becomes when Tab is pressed at its end, in a zsh that has the completion in FOLDER.
#
# Usage: zsh -f complete.zsh FOLDER LINE
zmodload zsh/zpty
zpty shell TERM=dumb zsh -f -i
# next WORD: reads what the shell writes, up to WORD.
next() {
    local all='' part
    while [[ $all != *$1* ]] && zpty -r shell part; do all+=$part; done
    REPLY=$all
}
zpty -w shell "PS1='' ; fpath=(${(q)1} \$fpath) ; autoload -U compinit && compinit -u -D"
zpty -w shell 'show() { print -r -- "<$BUFFER>" "<end""s>"; zle kill-whole-line }; zle -N show'
zpty -w shell 'bindkey "^X" show; unsetopt beep; echo read"y"'
next ready
zpty -w -n shell "$2"$'\t\x18'
next '<ends>'
print -r -- "$REPLY"
zpty -d shell
