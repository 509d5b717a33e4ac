"""What git's log means for a blog: the order of commits, lineages, regimes, former addresses. Pure."""
