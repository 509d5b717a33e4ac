"""gitblog: a blog engine whose only durable truth is a git repository."""
