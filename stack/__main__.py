import sys

from stack import cli, errors

if __name__ == "__main__":
    try:
        cli.app(prog_name="python -m stack")
    except errors.StackError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
