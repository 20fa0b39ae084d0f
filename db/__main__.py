"""`python -m db`: the database's command line."""

from db import cli

app = cli.app

if __name__ == "__main__":
    cli.main()
