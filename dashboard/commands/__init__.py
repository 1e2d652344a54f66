"""The commands, by what they are for. They start fast: what does the work is imported as it begins."""
