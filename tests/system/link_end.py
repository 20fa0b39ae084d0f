"""One end of a network that a test makes: `python -m tests.system.link_end SOCKET ADDRESS PEER`, in a network namespace of its own.

It opens a TUN device there and gives it, with a listening socket behind it, to whoever started it; then `up` and `down` switch
the device. The calls are those of netdevice(7) and of the kernel's Documentation/networking/tuntap.rst.
"""

import fcntl
import os
import socket
import struct
import sys

PORT = 1883
_NAME, _LOOPBACK = b"link0", b"lo"
_TUNSETIFF, _IFF_TUN_WITHOUT_HEADER = 0x400454CA, 0x0001 | 0x1000
_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFDSTADDR = 0x8914, 0x8916, 0x8918
_IFF_UP = 0x1


def main() -> None:
    """Make the end, hand it over, then obey until nobody is left to."""
    descriptor, address, peer = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    with socket.socket(fileno=descriptor) as starter, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", _NAME, _IFF_TUN_WITHOUT_HEADER))
        fcntl.ioctl(any_socket, _SIOCSIFADDR, _request(address))
        fcntl.ioctl(any_socket, _SIOCSIFDSTADDR, _request(peer))
        _switch(any_socket, _LOOPBACK, is_up=True)  # paho wakes its thread by way of it
        _switch(any_socket, _NAME, is_up=True)
        with socket.create_server((address, PORT)) as listener:
            socket.send_fds(starter, [b"made"], [tun, listener.fileno()])
        while wanted := starter.recv(16):
            _switch(any_socket, _NAME, is_up=wanted == b"up")
            starter.send(b"done")


def _switch(any_socket: socket.socket, name: bytes, *, is_up: bool) -> None:
    fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", name, _IFF_UP if is_up else 0))


def _request(address: str) -> bytes:
    return struct.pack("16sHH4s16x", _NAME, socket.AF_INET, 0, socket.inet_aton(address))


if __name__ == "__main__":
    main()
