"""Where the ``fluxcc`` command begins."""

from fluxcc.cli import main

if __name__ == "__main__":
    main()
