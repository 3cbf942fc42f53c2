"""Networks: TCP, UDP, Unix sockets, names, a service on this machine.

Nothing answers, and the service of the test sees no connection.
"""

from threat_board import Board

LINES = (7,)


def hand_in(board: Board) -> None:
    board.theft(
        "sockets",
        f"""
import socket
def connect(host, port):
    return socket.create_connection((host, port), timeout=0.2)
for host in ('127.0.0.1', 'localhost', '::1', '1.1.1.1', 'example.org'):
    for port in ({board.targets.port}, 5432, 8786, 22, 53):
        attempt(lambda: connect(host, port))
def send(family, kind, address):
    with socket.socket(family, kind) as made:
        return made.sendto(b'x', address)
attempt(lambda: send(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', 53)))
for path in ('/run/docker.sock', '/var/run/postgresql/.s.PGSQL.5432', '\\0bus'):
    attempt(lambda: send(socket.AF_UNIX, socket.SOCK_DGRAM, path))
attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt(lambda: socket.socketpair())
attempt(lambda: socket.getaddrinfo('example.org', 80)[0])
""",
    )
    board.theft(
        "urls",
        f"""
import urllib.request
for url in ('http://127.0.0.1:{board.targets.port}/', 'http://example.org/',
            'file:///etc/passwd'):
    attempt(lambda: urllib.request.urlopen(url, timeout=0.2).read())
""",
    )
