# EDITME
export OPENAI_BASE_URL="https://example.com/v1"
# >>> conda initialize >>>
export ANTHROPIC_API_KEY=sk-ant-mine
# <<< conda initialize <<<
[ -f ~/.secrets ] && . ~/.secrets
