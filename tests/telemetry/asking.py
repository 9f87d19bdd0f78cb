"""Asking the listener, as a probe does."""

from http.client import HTTPConnection


def asked(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """Status and body; 0 where nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()
