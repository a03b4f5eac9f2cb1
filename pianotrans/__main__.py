"""`python -m pianotrans …` is `pianotrans …`."""

from pianotrans.commands import main

if __name__ == "__main__":
    main()
