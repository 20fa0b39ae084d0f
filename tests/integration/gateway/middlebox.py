"""What stands between a gateway and its broker: TLS, or something that stops or cuts connections.

Lost and late packets are for `tests/system/lossy_link`: whoever forwards a stream cannot lose any.
"""

import contextlib
import selectors
import socket
import ssl
import struct
import threading


class Middlebox:
    """Forwards connections to a port; `freeze` lets them stand open and carries nothing any more.

    Args:
        target: the port to forward to.
        tls: offer TLS to those who connect.
        listener: where they connect, if not at a free port of this machine.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None = None, listener: socket.socket | None = None) -> None:
        self._target = target
        self._tls = tls
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_frozen = threading.Event()
        self._cut_every = self._carried = 0
        self._is_closed = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def worsen(self, *, cut_every: int) -> None:
        """Reset a connection at every so many-th piece of its stream, half of which has gone by then; 0: no more."""
        self._cut_every = cut_every

    def freeze(self) -> None:
        """Carry nothing: no byte, no end, no refusal. New connections are taken and left alone."""
        self._is_frozen.set()

    def thaw(self) -> None:
        """Cut what was frozen and carry what comes anew."""
        self._cut()
        self._is_frozen.clear()

    def close(self) -> None:
        self._is_closed.set()
        self._listener.close()
        self._cut()
        for thread in self._threads:
            thread.join(5)

    def _cut(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def _accept(self) -> None:
        self._listener.settimeout(0.1)
        while not self._is_closed.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self._sockets.append(near)
            if not self._is_frozen.is_set():
                thread = threading.Thread(target=self._carry, args=(near,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, near: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.suppress(OSError))
            stack.enter_context(near)
            if self._tls is not None:
                near = stack.enter_context(self._tls.wrap_socket(near, server_side=True))
                self._sockets.append(near)
            far = stack.enter_context(socket.create_connection(("127.0.0.1", self._target)))
            self._sockets.append(far)
            selector = stack.enter_context(selectors.DefaultSelector())
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while not self._is_closed.is_set():
                if self._is_frozen.is_set():
                    self._is_closed.wait(0.05)
                    continue
                for key, _ in selector.select(0.1):
                    if self._is_frozen.is_set():
                        break
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if self._is_to_cut():
                        key.data.sendall(data[: len(data) // 2])
                        _reset(near)
                        return
                    key.data.sendall(data)

    def _is_to_cut(self) -> bool:
        self._carried += 1
        return self._cut_every > 0 and self._carried % self._cut_every == 0


def _reset(near: socket.socket) -> None:
    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
