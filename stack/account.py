"""The account that the servers run as: an ordinary one even when root starts them, which PostgreSQL insists on."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from stack import errors

#: Present on every system, owns nothing, and unlike a bare number has the passwd entry that initdb asks for.
_NAME = "nobody"


class PopenRights(TypedDict, total=False):
    """Arguments of subprocess.Popen that lower its rights."""

    user: int
    group: int
    extra_groups: list[int]
    cwd: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A user to run as, and whether we have to become it."""

    uid: int
    gid: int
    is_other: bool

    def popen_rights(self, folder: Path = Path("/")) -> PopenRights:
        """Return what makes a child run as this account, in a folder that it can read (ours may be closed to it)."""
        if not self.is_other:
            return {"cwd": str(folder)}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": str(folder)}

    def folder(self, path: Path) -> Path:
        """Make a folder that belongs to the account alone."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        self.own(path)
        return path

    def write(self, path: Path, text: str) -> None:
        """Replace a file of the account in one step; nobody else can read it at any moment."""
        temporary = path.with_name(f"{path.name}.new")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.own(temporary)
        temporary.replace(path)

    def own(self, path: Path) -> None:
        """Hand a file or folder over to the account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def check_reaches(self, path: Path) -> None:
        """Make sure that the account can enter a folder.

        Raises:
            StackError: a folder above shuts it out, as a home folder does for everybody else.
        """
        if not self.is_other:
            return
        for folder in (*reversed(path.resolve().parents), path.resolve()):
            status = folder.stat()
            shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
            if not status.st_mode >> shift & 0o1:
                raise errors.StackError(
                    f"{folder} can't be entered by the account {_NAME!r}, which runs the servers when root starts "
                    "them. Point STACK_CACHE_DIR and STACK_DATA_DIR at folders that everybody may enter."
                )


def reachable_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, so that the servers' account can enter it."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                folder.chmod(0o755)
    return path


def of_this_process() -> Account:
    """Return the account that we are already."""
    return Account(uid=os.geteuid(), gid=os.getegid(), is_other=False)


def of_file(path: Path) -> Account:
    """Return the account whose a file is, as far as we can give it one; that of the servers where there is none yet."""
    if os.geteuid() != 0:
        return of_this_process()
    if not path.exists():
        return of_servers()
    status = path.stat()
    return Account(uid=status.st_uid, gid=status.st_gid, is_other=True)


def of_servers() -> Account:
    """Return the account for the servers that this process starts."""
    if os.geteuid() != 0:
        return of_this_process()
    try:
        entry = pwd.getpwnam(_NAME)
    except KeyError as error:
        raise errors.StackError(f"PostgreSQL refuses to run as root, and there is no account {_NAME!r}") from error
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)
