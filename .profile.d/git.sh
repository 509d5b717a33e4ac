# Sourced at the start of every dyno. The apt buildpack only unpacks git, so git does not find its own parts,
# such as the one that fetches over https. A file, because app.json's variables reach only apps that its button made.
if [ -x "$HOME/.apt/usr/bin/git" ]; then
    export GIT_EXEC_PATH="$HOME/.apt/usr/lib/git-core"
    export GIT_TEMPLATE_DIR="$HOME/.apt/usr/share/git-core/templates"
fi
