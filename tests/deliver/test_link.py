"""A connection that breaks off in the middle of an answer: what came is no answer."""

import socket
import ssl
import threading
from contextlib import suppress

import pytest
from tests.deliver.playing_hub import Authority

from throng.data.errors import DeliveryError
from throng.deliver.hub import Address, Link, context_for

WHOLE = b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"version": 17}'


def _answer_once(listener: socket.socket, context: ssl.SSLContext, answer: bytes) -> None:
    near, _ = listener.accept()
    with context.wrap_socket(near, server_side=True) as connection, suppress(OSError):
        connection.recv(4096)
        connection.sendall(answer)
        connection.unwrap()


@pytest.mark.parametrize("length", [0, 5, len(WHOLE) - 15, len(WHOLE) - 14, len(WHOLE) - 1, len(WHOLE)])
def test_an_answer_that_was_cut_is_never_taken_for_a_whole_one(length: int) -> None:
    authority = Authority()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=_answer_once, args=(listener, authority.server_context(), WHOLE[:length]))
        server.start()
        link = Link(Address(*listener.getsockname()), lambda: context_for(authority.pem))
        try:
            if length == len(WHOLE):
                assert link.ask("GET", "/").tree == {"version": 17}
            else:
                with pytest.raises(DeliveryError):
                    link.ask("GET", "/")
        finally:
            link.close()
            server.join()
