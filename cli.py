"""`python cli.py …` in a checkout is the installed `pianotrans …`."""

from pianotrans.commands import main

if __name__ == "__main__":
    main()
