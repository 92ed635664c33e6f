"""A bucket as S3 serves it: PUT, GET, HEAD and DELETE of one object, in memory."""

from tests.support.local_server import Handler, LocalServer

NO_SUCH_KEY = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code>'
    b"<Message>The specified key does not exist.</Message></Error>"
)


class BucketStub(LocalServer):
    def __init__(self):
        self.objects = {}
        self.refuse = None  # a status to answer everything with
        stub = self

        class Answering(Handler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                if stub.refuse is None:
                    stub.objects[self.path] = content
                self.answer(200, b"", ETag='"stub"')

            def do_GET(self):
                found = stub.objects.get(self.path)
                self.answer(*((200, found) if found is not None else (404, NO_SUCH_KEY)))

            do_HEAD = do_GET

            def do_DELETE(self):
                stub.objects.pop(self.path, None)
                self.answer(204, b"")

            def answer(self, status, content, **headers):
                self.send_response(stub.refuse or status)
                self.send_header("Content-Length", str(len(content)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        self.listen(Answering)
