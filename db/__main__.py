"""`python -m db`: the database's command line."""

from db import cli

if __name__ == "__main__":
    cli.main()
