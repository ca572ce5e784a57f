# ~/.bashrc EDITME
case $- in
    *i*) ;;
      *) return;;
esac
export OPENAI_API_KEY=sk-mine
