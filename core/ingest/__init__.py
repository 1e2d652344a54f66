"""The one door for what arrives: files read by content, and their records accepted into the store."""
