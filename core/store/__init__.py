"""The only SQL: tables, engine, sessions, migrations, text search, one file of functions per aggregate."""
