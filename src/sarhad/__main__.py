"""`python -m sarhad` is the command line."""

from sarhad.interfaces.cli import main

if __name__ == "__main__":
    main()
