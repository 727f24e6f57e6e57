"""Where the cache is, and steps that are there whole or not at all.

A step is a directory that some work fills. It counts as done once its stamp file is
inside; whatever a killed call left behind is removed by the next one. One lock a step
lets several calls run side by side.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .console import DevError, say

NAME = "invoice_send_client"
STAMP = ".complete"
# A directory that no call used for this long is removed when a newer one is made.
UNUSED_SECONDS = 14 * 24 * 3600

_held: list[int] = []


def root() -> Path:
    """Return the cache directory, made when it is missing.

    It is ``$XDG_CACHE_HOME/invoice_send_client`` (XDG Base Directory Specification),
    by default below ``~/.cache``. Root's PostgreSQL runs as another user, who has to
    reach it: where others can't enter that path, root uses ``/var/cache``.

    :raise DevError: when it can't be made or written
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification: a relative path is to be ignored.
    parent = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    if os.geteuid() == 0 and not _open_to_all(parent):
        parent = Path("/var/cache")
    path = parent / NAME
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DevError(
            f"cannot make the cache {path}: {error.strerror}; "
            "set XDG_CACHE_HOME to a directory that can be written"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise DevError(f"cannot write to the cache {path}; set XDG_CACHE_HOME")
    return path


def _open_to_all(path: Path) -> bool:
    """Tell whether every user may pass through the part of `path` that exists."""
    for folder in [path, *path.parents]:
        try:
            mode = folder.stat().st_mode
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if not mode & stat.S_IXOTH:
            return False
    return True


def digest(*parts: object) -> str:
    """Return a short name for these parts: the same parts, the same name.

    :param parts: anything whose ``str`` tells it apart
    :return: 12 hexadecimal digits
    """
    text = "\0".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextlib.contextmanager
def lock(name: str) -> Iterator[int]:
    """Hold the lock of that name; wait, and say so, while another call holds it.

    Programs started meanwhile get the lock's descriptor (see `held`): when this call
    is killed, the lock is free only after they ended too, so nobody cleans up a
    directory under a running installer.

    :param name: any text without a slash
    """
    folder = root() / "locks"
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, name)
        _held.append(descriptor)
        try:
            yield descriptor
        finally:
            _held.remove(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        say(f"waiting for another ./dev ({name})")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def held() -> tuple[int, ...]:
    """Return the descriptors of the locks held now, to hand to started programs."""
    return tuple(_held)


def step(
    name: str,
    key: str,
    build: Callable[[Path], None],
    *,
    in_place: bool = False,
) -> Path:
    """Return the directory that `build` filled, now or in an earlier call.

    :param name: what the step makes, a plain file name
    :param key: hash of everything the result depends on (see `digest`)
    :param build: fills the directory it is given; on an exception nothing is kept
    :param in_place: build under the final name instead of renaming at the end, for
        results that hold their own path (virtual environments)
    :return: the finished directory; its last use is noted
    :raise DevError: whatever `build` raises passes through
    """
    target = root() / name / key
    if _done(target):
        return target
    target.parent.mkdir(exist_ok=True)
    with lock(f"{name}-{key}"):
        if not _done(target):
            _build(target, build, in_place)
            _prune(target)
    return target


def _done(target: Path) -> bool:
    """Tell whether `target` is whole; if so, note that it was used."""
    try:
        os.utime(target / STAMP)
    except FileNotFoundError:
        return False
    return True


def _build(target: Path, build: Callable[[Path], None], in_place: bool) -> None:
    partial = target.with_name(target.name + ".partial")
    workplace = target if in_place else partial
    for leftover in (target, partial):
        remove(leftover)
    workplace.mkdir()
    try:
        build(workplace)
        (workplace / STAMP).touch()
        if workplace != target:
            os.rename(workplace, target)
    except BaseException:
        remove(workplace)
        raise


def _prune(target: Path) -> None:
    """Remove the finished results of other keys that nobody used for long."""
    for sibling in target.parent.iterdir():
        stamp = sibling / STAMP
        if sibling != target and stamp.exists():
            if time.time() - stamp.stat().st_mtime > UNUSED_SECONDS:
                remove(sibling)


def remove(path: Path) -> None:
    """Remove a directory or file, if it is there.

    The stamp goes first: a removal that is cut short leaves no whole-looking rest.
    """
    if path.is_dir() and not path.is_symlink():
        (path / STAMP).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
