"""The system calls a submission may make: computing, its own files, threads.

An allow list, so that what a newer kernel adds is refused until someone has
read about it. Refused calls fail with EPERM, which Python shows as
PermissionError.
"""

from __future__ import annotations

import ctypes
import errno
import os

import pyseccomp as libseccomp

from autograder.sandbox import kernel

FILES = """
    access chdir chmod close close_range copy_file_range creat dup dup2 dup3
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2
    faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fdatasync
    flock fstat fstatfs fsync ftruncate getcwd getdents64 link linkat lseek
    lstat mkdir mkdirat newfstatat open openat openat2 pipe pipe2 poll ppoll
    pread64 preadv preadv2 pselect6 pwrite64 pwritev pwritev2 read readlink
    readlinkat readv rename renameat renameat2 rmdir select sendfile stat
    statfs statx symlink symlinkat truncate umask unlink unlinkat utime
    utimensat utimes write writev
"""
MEMORY = "brk madvise membarrier mmap mprotect mremap msync munmap"
THREADS = """
    arch_prctl exit exit_group futex futex_waitv get_robust_list getcpu getpid
    getppid gettid rseq sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getparam sched_getscheduler sched_yield
    set_robust_list set_tid_address wait4 waitid
"""
# Handlers and timers of its own; nothing that sends a signal.
SIGNALS = """
    alarm getitimer pause restart_syscall rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigreturn rt_sigtimedwait setitimer sigaltstack
"""
FACTS = """
    capget clock_getres clock_gettime clock_nanosleep getegid geteuid getgid
    getgroups getpgid getpgrp getpriority getrandom getresgid getresuid
    getrlimit getrusage getsid gettimeofday getuid nanosleep setrlimit sysinfo
    time times uname
"""
# Calls that are harmless with some first or second arguments only.
CLONE_THREAD = 0x00010000
FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032)  # not F_SETOWN, F_SETSIG: signals
IOCTL = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, FIONREAD, FIO(N)CLEX
PRCTL = (15, 16, 0x53564D41)  # the thread's name, names of memory areas


def compile_filter() -> bytes:
    """The filter as a BPF program, built once and installed in every child.

    Raises OSError where libseccomp cannot be used.
    """
    rules = libseccomp.SyscallFilter(libseccomp.ERRNO(errno.EPERM))
    for name in " ".join((FILES, MEMORY, THREADS, SIGNALS, FACTS)).split():
        _allow(rules, name)
    Arg = libseccomp.Arg
    masked = Arg(0, libseccomp.MASKED_EQ, CLONE_THREAD, CLONE_THREAD)
    _allow(rules, "clone", masked)
    # glibc then falls back to clone, whose flags a filter can read.
    rules.add_rule(libseccomp.ERRNO(errno.ENOSYS), "clone3")
    _allow(rules, "prlimit64", Arg(0, libseccomp.EQ, 0))
    for position, name, values in ((1, "fcntl", FCNTL), (1, "ioctl", IOCTL)):
        for value in values:
            _allow(rules, name, Arg(position, libseccomp.EQ, value))
    for value in PRCTL:
        _allow(rules, "prctl", Arg(0, libseccomp.EQ, value))
    return _exported(rules)


def _allow(
    rules: libseccomp.SyscallFilter, name: str, *arguments: libseccomp.Arg
) -> None:
    # A name this architecture or an old libseccomp does not know is not
    # needed there either.
    if libseccomp.resolve_syscall(libseccomp.system_arch(), name) != -1:
        rules.add_rule(libseccomp.ALLOW, name, *arguments)


def _exported(rules: libseccomp.SyscallFilter) -> bytes:
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(program: bytes) -> None:
    """Apply a compiled filter to this process; needs no_new_privs."""
    filter_mode = 2
    fprog = _Program(len(program) // 8, program)
    kernel.prctl(kernel.PR_SET_SECCOMP, filter_mode, ctypes.byref(fprog))
