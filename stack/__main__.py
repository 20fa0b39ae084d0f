"""`python -m stack`: the embedded stack's command line."""

from stack import cli

app = cli.app

if __name__ == "__main__":
    cli.main()
