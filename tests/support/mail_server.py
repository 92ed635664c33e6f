"""A mail server on this machine: takes what smtplib sends, and keeps it."""

import base64
import email
import socketserver
import threading
from email.policy import default


class MailServer:
    """`mails` are the messages taken; `logins` what people signed in with; `refuses` as told."""

    def __init__(self):
        self.mails = []
        self.recipients = []
        self.logins = []
        self.refuses = False
        server = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self):
                server._talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, talk):
        def say(line):
            talk.wfile.write(f"{line}\r\n".encode())

        say("220 here")
        while line := talk.rfile.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                say("250-here\r\n250 AUTH PLAIN")
            elif word == "AUTH":
                self.logins.append(base64.b64decode(line.split(" ")[2]).decode().split("\0")[1:])
                say("235 welcome")
            elif word == "RCPT" and self.refuses:
                say("550 nobody")
            elif word == "DATA":
                say("354 go on")
                self._take(talk.rfile)
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                self._note(word, line)
                say("250 well")

    def _note(self, word, line):
        if word == "RCPT":
            self.recipients.append(line.partition("<")[2].partition(">")[0])

    def _take(self, lines):
        text = b""
        while (line := lines.readline()) not in (b".\r\n", b""):
            text += line
        self.mails.append(email.message_from_bytes(text, policy=default))
