"""Where content comes from: a git repository, remote or local, or a plain folder.

The only package that runs git. Whatever git says reaches others as values of `model` or as a `SourceError`.
"""
