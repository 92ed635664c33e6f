"""`python -m workers`, trusting the certificate of the bench's provider and no other."""

import os
import sys

import requests.certs

requests.certs.where = lambda: os.environ["BENCH_CERTIFICATE"]

if __name__ == "__main__":
    from workers.__main__ import main

    main(sys.argv[1:])
