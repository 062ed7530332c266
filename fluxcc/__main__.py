"""Where the ``fluxcc`` command begins."""

import gc

# Nothing of what is imported is ever garbage. ``LazyGroup.get_command`` ends this.
gc.disable()

from fluxcc.cli import main as command  # noqa: E402  # after the line above


def main() -> None:
    """Run the command that the arguments name; ends the program."""
    try:
        command()
    finally:
        # As its last act Python looks through all objects for garbage, which takes a third as long
        # as its start; the process gives its memory back in any case.
        gc.freeze()


if __name__ == "__main__":
    main()
