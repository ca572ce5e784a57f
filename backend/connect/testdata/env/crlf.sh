export A=1 # EDITME
alias ll="ls -l"