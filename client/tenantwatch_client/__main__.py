"""The command `tenantwatch`."""

from __future__ import annotations

import sys

try:
    import typer

    from tenantwatch_client.commands.program import app
    from tenantwatch_client.errors import ClientError
except ModuleNotFoundError as missing:
    sys.exit(
        f"tenantwatch: {missing.name} is not installed: this program is the extra client, pip install"
        " '.[client]' where tenantwatch was installed from"
    )


def main() -> None:
    """Run the command line; ends the process with the exit codes that `tenantwatch --help` lists."""
    try:
        app(prog_name="tenantwatch")
    except ClientError as error:
        typer.echo(f"tenantwatch: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read us has seen enough, as `head` does.
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
