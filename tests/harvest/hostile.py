"""Hostile programs: what each tries, and all that may come of it.

Each is (program, outcomes): the outcomes are regular expressions of the last thing that it says, or a reason for which
it was ended. {outside} is a folder with a file `precious`, {pool} a pool's file with a secret, {parent} the process
that started the sandbox, {victim} one of its children, {shm}, {queue} and {semaphore} objects of System V, {unix} the
path of a listening socket, {abstract} the name of another, {port} of TCP and UDP.
"""

import re

PRELUDE = """
import ctypes, errno, fcntl, os, resource, signal, socket, stat, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    done = libc.syscall(ctypes.c_long(number), *arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done
def text(name):
    return ctypes.c_char_p(name.encode())
"""

REFUSED = (r"(PermissionError|OSError|FileNotFoundError|ProcessLookupError|RuntimeError): .*",)
ENDED = ("timeout", "threads", "files", "killed", "crash", "message", "error")
DONE = ("done",)

FULL = ("files", "timeout", r"OSError: .*28.*")  # on a busy machine its time may be over first

PROGRAMS = {
    # Files outside: writing
    "writes beside its folder": ("open('../beside', 'w').write('x')", REFUSED),
    "writes to an absolute path": ("open('{outside}/evil', 'w').write('x')", REFUSED),
    "overwrites a file": ("open('{outside}/precious', 'r+').write('x')", REFUSED),
    "appends to a file": ("open('{outside}/precious', 'a').write('x')", REFUSED),
    "empties a file by opening it for reading": (
        "os.close(os.open('{outside}/precious', os.O_RDONLY | os.O_TRUNC))", REFUSED),
    "empties a file by opening it for writing": (
        "os.close(os.open('{outside}/precious', os.O_WRONLY | os.O_TRUNC))", REFUSED),
    "truncates a file": ("os.truncate('{outside}/precious', 0)", REFUSED),
    "removes a file": ("os.unlink('{outside}/precious')", REFUSED),
    "removes a folder": ("os.rmdir('{outside}/folder')", REFUSED),
    "makes a folder": ("os.mkdir('{outside}/new')", REFUSED),
    "renames a file": ("os.rename('{outside}/precious', '{outside}/gone')", REFUSED),
    "moves a file in": ("os.rename('{outside}/precious', 'taken')", REFUSED),
    "moves a file out": ("open('mine', 'w').close(); os.rename('mine', '{outside}/precious')", REFUSED),
    "exchanges two files": (
        "open('mine', 'w').close()\ncall(316, -100, text('mine'), -100, text('{outside}/precious'), 2)", REFUSED),
    "makes a link out": ("os.symlink('x', '{outside}/link')", REFUSED),
    "writes through a link": ("os.symlink('{outside}/precious', 'link'); open('link', 'w').write('x')", REFUSED),
    "makes a hard link and writes": ("os.link('{outside}/precious', 'link'); open('link', 'w').write('x')", REFUSED),
    "makes a hard link out": ("open('mine', 'w').close(); os.link('mine', '{outside}/linked')", REFUSED),
    "an unnamed file outside": ("os.open('{outside}', os.O_TMPFILE | os.O_RDWR)", REFUSED),
    "writes to the library": ("open(os.__file__, 'a').write('x')", REFUSED),
    "writes bytecode of the library": (
        "open(os.path.join(os.path.dirname(os.__file__), '__pycache__', 'evil.pyc'), 'wb')", REFUSED),
    "climbs by a descriptor": ("os.open('precious', os.O_WRONLY, dir_fd=os.open('{outside}', os.O_PATH))", REFUSED),
    "climbs out of its folder": ("os.chdir('../..'); open('evil', 'w')", REFUSED),
    # Files outside: what is known of them
    "changes a mode": ("os.chmod('{outside}/precious', 0o777)", REFUSED),
    "changes a mode, newer call": ("call(452, -100, text('{outside}/precious'), 0o777, 0)", REFUSED),
    "changes the mode of its descriptors": ("os.fchmod(2, 0o777)", REFUSED),
    "changes an owner": ("os.chown('{outside}/precious', 1, 1)", REFUSED),
    "changes times": ("os.utime('{outside}/precious', (0, 0))", REFUSED),
    "sets an attribute": ("os.setxattr('{outside}/precious', 'user.evil', b'x')", REFUSED),
    "sets an attribute, newer call": (
        "call(463, -100, text('{outside}/precious'), 0, text('user.evil'), struct.pack('QII', 0, 0, 0), 16)", REFUSED),
    "removes an attribute": ("os.removexattr('{outside}/precious', 'user.kept')", REFUSED),
    "makes a file immutable": (
        "fcntl.ioctl(os.open('{outside}/precious', os.O_RDONLY), 0x40086602, struct.pack('l', 16))", REFUSED),
    "makes its own file immutable": ("fcntl.ioctl(open('mine', 'w'), 0x40086602, struct.pack('l', 16))", REFUSED),
    "makes its own folder immutable": (
        "fcntl.ioctl(os.open('.', os.O_RDONLY), 0x40086602, struct.pack('l', 16))", REFUSED),
    "sets attributes of a file": (
        "call(469, -100, text('{outside}/precious'), ctypes.create_string_buffer(24), 24, 0)", REFUSED),
    "locks a file of the library": ("fcntl.flock(open(os.__file__), fcntl.LOCK_EX)", REFUSED),
    "locks a file": ("fcntl.flock(os.open('{outside}/precious', os.O_RDONLY), fcntl.LOCK_EX)", REFUSED),
    "locks a range of the library": ("fcntl.lockf(open(os.__file__), fcntl.LOCK_SH)", REFUSED),
    "leases a file of the library": ("fcntl.fcntl(open(os.__file__), fcntl.F_SETLEASE, fcntl.F_RDLCK)", REFUSED),
    "watches a folder": ("fcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_NOTIFY, 1)", REFUSED),
    "watches by inotify": ("call(294, 0)", REFUSED),
    # Files outside: reading
    "reads another pool": ("say(open('{pool}', 'rb').read())", REFUSED),
    "lists another pool": ("say(os.listdir('{outside}'))", REFUSED),
    "reads another pool by a link": ("os.symlink('{pool}', 'link'); say(open('link', 'rb').read())", REFUSED),
    "reads another pool by a hard link": ("os.link('{pool}', 'link'); say(open('link', 'rb').read())", REFUSED),
    "maps another pool": ("import mmap\nsay(mmap.mmap(os.open('{pool}', os.O_RDONLY), 0)[:])", REFUSED),
    "reads by a handle": (
        "call(303, -100, text('{pool}'), struct.pack('Ii', 128, 0) + bytes(128), b'0000', 0)", REFUSED),
    "opens by another call": ("say(call(437, -100, text('{pool}'), struct.pack('QQQ', 0, 0, 0), 24))", REFUSED),
    "lists the root": ("say(os.listdir('/'))", REFUSED),
    "reads the users": ("say(open('/etc/passwd').read())", REFUSED),
    "reads the tests of this package": ("say(open('{here}').read())", REFUSED),
    "lists site-packages": ("say(os.listdir('{site}'))", REFUSED),
    "lists the interpreter's own site-packages": (
        "say(os.listdir(os.path.join(os.path.dirname(os.__file__), 'site-packages')))", REFUSED),
    "imports what is not listed": ("import pydantic", (r"ModuleNotFoundError: .*",)),
    "imports the verifier": ("import harvest.verifiers.answers", (r"ModuleNotFoundError: .*",)),
    "lists the folders of other programs": ("say(os.listdir('..'))", REFUSED),
    "reads the environment of its parent": ("say(open(f'/proc/{{os.getppid()}}/environ', 'rb').read())", REFUSED),
    "reads the environment of the harvest": ("say(open('/proc/{parent}/environ', 'rb').read())", REFUSED),
    "reads the memory of the harvest": ("open('/proc/{parent}/mem', 'rb').read(1)", REFUSED),
    "reads its own memory": ("open('/proc/self/mem', 'rb').read(1)", REFUSED),
    "reads its descriptors": ("say(os.listdir('/proc/self/fd'))", REFUSED),
    "reads the harvest's descriptors": ("say(os.listdir('/proc/{parent}/fd'))", REFUSED),
    "reads the kernel's settings": ("open('/proc/sys/kernel/hostname').read()", REFUSED),
    "changes its own badness": ("open('/proc/self/oom_score_adj', 'w').write('-1000')", REFUSED),
    "reads devices": ("os.listdir('/sys')", REFUSED),
    "reads the environment": ("assert not any('SECRET' in v for v in os.environ.values())", DONE),
    "looks for descriptors": (
        "for number in range(5, 4096):\n"
        "    try: os.fstat(number)\n"
        "    except OSError: continue\n"
        "    raise SystemError(number)", DONE),
    # Memory of others
    "traces its parent": ("call(101, 16, os.getppid(), 0, 0)", REFUSED),
    "traces the harvest": ("call(101, 0x4206, {parent}, 0, 0)", REFUSED),
    "asks to be traced": ("call(101, 0, 0, 0, 0)", REFUSED),
    "reads memory of the harvest": ("call(310, {parent}, 0, 0, 0, 0, 0)", REFUSED),
    "writes memory of the harvest": ("call(311, {parent}, 0, 0, 0, 0, 0)", REFUSED),
    "advises memory of the harvest": ("call(440, -1, 0, 0, 0, 0)", REFUSED),
    "compares with the harvest": ("call(312, os.getpid(), {parent}, 2, 0, 0)", REFUSED),
    "opens a process": ("call(434, {victim}, 0)", REFUSED),
    "takes a descriptor": ("call(438, 3, 0, 0)", REFUSED),
    # Processes and signals
    "forks": ("os.fork()", REFUSED),
    "forks by vfork": ("call(58)", REFUSED),
    "forks by clone": ("call(56, 17, 0, 0, 0, 0)", REFUSED),
    "forks by clone3": ("call(435, struct.pack('QQQQQQQQ', 0, 0, 0, 0, 17, 0, 0, 0), 64)", REFUSED),
    "fork bomb that hides its errors": ("while True:\n    try: os.fork()\n    except OSError: pass", ("timeout",)),
    "a thread in a namespace": ("call(56, 0x10000 | 0x10000000 | 0x900, 0, 0, 0, 0)", REFUSED),
    "execs another program": ("os.execv('/bin/true', ['true'])", REFUSED),
    "runs a command": ("import subprocess\nsubprocess.run(['true'], check=True)", REFUSED),
    "runs a shell": ("if os.system('true'): raise OSError", (*REFUSED, "OSError: ")),
    "kills the harvest": ("os.kill({parent}, signal.SIGKILL)", REFUSED),
    "kills its parent": ("os.kill(os.getppid(), signal.SIGKILL)", REFUSED),
    "kills a process": ("os.kill({victim}, signal.SIGKILL)", REFUSED),
    "kills a group": ("os.killpg(0, signal.SIGKILL)", REFUSED),
    "kills everybody": ("os.kill(-1, signal.SIGKILL)", REFUSED),
    "kills a thread": ("call(200, {victim}, 9)", REFUSED),
    "kills a thread of a group": ("call(234, {victim}, {victim}, 9)", REFUSED),
    "queues a signal": ("call(129, {victim}, 9, bytes(128))", REFUSED),
    "signals by a descriptor": ("call(424, 3, 9, 0, 0)", REFUSED),
    "signals by a descriptor's owner": (
        "r, w = os.pipe()\nfcntl.fcntl(r, fcntl.F_SETOWN, {parent})\nfcntl.fcntl(r, fcntl.F_SETSIG, 9)\n"
        "fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)\nos.write(w, b'x')", REFUSED),
    "signals by a descriptor's owner, newer call": ("fcntl.fcntl(0, 15, struct.pack('ii', 1, {parent}))", REFUSED),
    "signals by the owner of the channel": ("fcntl.fcntl(raw[0], fcntl.F_SETOWN, {parent})", REFUSED),
    "signals by a timer": ("call(222, 0, struct.pack('QiiQQ', 0, 9, 4, {victim}, 0) + bytes(64), bytes(8))", REFUSED),
    "outlives its parent": ("libc.prctl(1, 0, 0, 0, 0) == 0 or call(157, 1, 0, 0, 0, 0)", REFUSED),
    "a session of its own": ("os.setsid()", REFUSED),
    "another group": ("os.setpgid(0, 0)", REFUSED),
    "can be dumped": ("call(157, 4, 1, 0, 0, 0)", REFUSED),
    "lets others trace it": ("call(157, 0x59616d61, -1, 0, 0, 0)", REFUSED),
    "loop that ignores signals": (
        "for s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\nwhile True: pass",
        ("timeout",)),
    # What is everybody's
    "network": ("socket.create_connection(('127.0.0.1', {port}))", REFUSED),
    "datagrams": ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))", REFUSED),
    "a socket by its path": ("socket.socket(socket.AF_UNIX).connect('{unix}')", REFUSED),
    "an abstract socket": ("socket.socket(socket.AF_UNIX).connect('\\0{abstract}')", REFUSED),
    "a datagram from a pair of sockets": (
        "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\na.sendto(b'x', '{unix}.datagram')", REFUSED),
    "sends by the channel": ("call(44, raw[1], text('x'), 1, 0, 0, 0)", REFUSED),
    "netlink": ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", REFUSED),
    "virtual machines' sockets": ("socket.socket(40, socket.SOCK_STREAM)", REFUSED),
    "takes shared memory": ("call(30, {shm}, 0, 0)", REFUSED),
    "removes shared memory": ("call(31, {shm}, 0, 0)", REFUSED),
    "removes a queue": ("call(71, {queue}, 0, 0)", REFUSED),
    "removes a semaphore": ("call(66, {semaphore}, 0, 0, 0)", REFUSED),
    "makes a semaphore": ("call(64, 0, 1, 0o666)", REFUSED),
    "makes a message queue": ("call(240, text('evil'), os.O_CREAT, 0o600, 0)", REFUSED),
    "makes shared memory by name": ("open('/dev/shm/evil', 'w')", REFUSED),
    "reads a key": ("call(250, 0, -3, 1)", REFUSED),
    "adds a key": ("call(248, text('user'), text('evil'), text('x'), 1, -4)", REFUSED),
    "makes a file in memory": ("os.memfd_create('x')", REFUSED),
    "handles page faults": ("call(323, 0)", REFUSED),
    "a ring of calls": ("call(425, 8, ctypes.create_string_buffer(120))", REFUSED),
    "a program in the kernel": ("call(321, 0, ctypes.create_string_buffer(64), 64)", REFUSED),
    "measures others": ("call(298, ctypes.create_string_buffer(128), {parent}, -1, -1, 0)", REFUSED),
    "moves pages of others": ("call(256, {parent}, 0, 0, 0)", REFUSED),
    "locks memory": ("call(151, 1)", REFUSED),
    "huge pages": (
        "import mmap\nmmap.mmap(-1, 1 << 21, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)", REFUSED),
    "splices": ("call(275, 0, 0, 1, 0, 10, 0)", REFUSED),
    # Privileges
    "another user": ("os.setuid(12345)", REFUSED),
    "another group of users": ("os.setgid(12345)", REFUSED),
    "capabilities": ("call(126, struct.pack('Ii', 0x20080522, 0), b'\\xff' * 24)", REFUSED),
    "namespaces": ("call(272, 0x10000000)", REFUSED),
    "enters a namespace": ("call(308, 0, 0)", REFUSED),
    "mounts": ("call(165, text('none'), text('.'), text('tmpfs'), 0, 0)", REFUSED),
    "mounts, newer calls": ("call(428, -100, text('/'), 1)", REFUSED),
    "unmounts": ("call(166, text('/proc'), 2)", REFUSED),
    "changes its root": ("os.chroot('.')", REFUSED),
    "a device": ("os.mknod('disk', stat.S_IFBLK | 0o666, os.makedev(8, 0))", REFUSED),
    "a pipe with a name": ("os.mkfifo('fifo')", REFUSED),
    "a socket with a name": ("os.mknod('socket', stat.S_IFSOCK | 0o666)", REFUSED),
    "types into a terminal": ("fcntl.ioctl(0, 0x5412, b'x')", REFUSED),
    "changes a descriptor by control": ("fcntl.ioctl(raw[0], 0x5452, struct.pack('i', 1))", REFUSED),
    "the name of the machine": ("socket.sethostname('evil')", REFUSED),
    "the clock": ("time.clock_settime(time.CLOCK_REALTIME, 0)", REFUSED),
    "loads a module": ("call(175, 0, 0, text(''))", REFUSED),
    "restarts the machine": ("call(169, 0, 0, 0, 0)", REFUSED),
    "its personality": ("call(135, 0x0040000)", REFUSED),
    "another filter": ("call(317, 1, 0, 0)", REFUSED),
    "another ruleset": ("call(446, 0, 0)", REFUSED),
    # Limits
    "priority": ("os.setpriority(os.PRIO_PROCESS, {victim}, 19)", REFUSED),
    "its own priority": ("os.nice(-5)", REFUSED),
    "a real-time scheduler": ("os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))", REFUSED),
    "another's processors": ("os.sched_setaffinity({victim}, [0])", REFUSED),
    "another's limits": ("resource.prlimit({victim}, resource.RLIMIT_CPU, (1, 1))", REFUSED),
    "lifts its limits": ("resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", (r"(ValueError|PermissionError): .*",)),
    "10 GB": ("bytearray(10 * 2**30)", (r"MemoryError: .*",)),
    "endless recursion": ("sys.setrecursionlimit(10**9)\ndef f(): f()\nf()", ENDED),
    "endless loop": ("while True: pass", ("timeout",)),
    "sleep": ("time.sleep(99)", ("timeout",)),
    "threads without end": ("while True: threading.Thread(target=time.sleep, args=(9,)).start()", (*ENDED, *REFUSED)),
    "threads with tiny stacks": (
        "threading.stack_size(32768)\nwhile True:\n"
        "    try: threading.Thread(target=time.sleep, args=(9,)).start()\n"
        "    except RuntimeError: pass", ENDED),
    "empty files without end": ("n = 0\nwhile True:\n    n += 1\n    open(str(n), 'w').close()", FULL),
    "links without end": ("n = 0\nwhile True:\n    n += 1\n    os.symlink('x', str(n))", FULL),
    "a file of 1 GB": ("f = open('big', 'wb')\nfor _ in range(1024): f.write(bytes(2**20))", (r"OSError: .*27.*",)),
    "fills the disk": (
        "n = 0\nwhile True:\n    n += 1\n    open(str(n), 'wb').write(bytes(2**21))", FULL),
    "reserves the disk": (
        "n = 0\nwhile True:\n"
        "    n += 1\n    os.posix_fallocate(os.open(str(n % 60), os.O_RDWR | os.O_CREAT), 0, 2**22)",
        (*FULL, *REFUSED)),
    "nests folders": ("while True:\n    os.mkdir('d')\n    os.chdir('d')", FULL),
    "prints without end": ("while True: print('x' * 10**6)", (r"OSError: .*27.*",)),
    "says without end": ("while True: say(b'x' * 10**5)", ("timeout", "spoke")),
    "a message too long": ("say(b'x' * (1 << 23))", ("message",)),
    "the head of a message": ("os.write(raw[1], b'\\xff' * 4)\nwhile True: pass", ("message",)),
    "descriptors without end": ("while True: os.dup(0)", REFUSED),
    "pipes without end": ("while True: os.pipe()", REFUSED),
    "wide pipes": ("fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)", REFUSED),
    # Its own end
    "crashes": ("ctypes.string_at(0)", ("crash",)),
    "aborts": ("os.abort()", ("crash",)),
    "kills itself": ("os.kill(os.getpid(), signal.SIGKILL)", ("killed",)),
    "leaves": ("os._exit(0)", ("finished",)),
    "leaves with a status": ("os._exit(7)", ("error",)),
    "says that it was never shut in": ("os._exit(113)", ("sandbox",)),
    "closes all it has": ("os.closerange(0, 100)\nwhile True: pass", ("timeout",)),
    "stops itself": ("os.kill(os.getpid(), signal.SIGSTOP)", ("timeout",)),
    "answers from a thread": ("threading.Thread(target=lambda: say('late')).start()", ("done", "late")),
    # What it leaves
    "leaves folders that nobody may enter": ("os.mkdir('d'); open('d/f', 'w'); os.mkdir('d/e', 0)", (*DONE, *FULL)),
    "leaves names that are no text": ("os.mkdir(b'\\xff\\xfe'); open(b'\\xff\\xfe/\\n', 'w')", DONE),
    "leaves links to outside": ("os.symlink('{outside}', 'out'); os.symlink('.', 'loop')", DONE),
}  # fmt: skip


def fill(program, values):
    """The program with the outside's names."""
    filled = re.sub(r"(?<!\{)\{(\w+)\}", lambda found: str(values[found[1]]), program)
    return PRELUDE + filled.replace("{{", "{").replace("}}", "}")
