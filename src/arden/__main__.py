"""`python -m arden`: the command line."""

from arden.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
