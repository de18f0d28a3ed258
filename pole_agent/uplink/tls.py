"""TLS as the uplink wants it: the authority that is pinned, or the system's; at least 1.2; our own
certificate where there is one.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from pole_agent.languages import phrase
from pole_agent.settings.reading import unmarked


def tls_context(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """Raises OSError (ssl.SSLError is one) or ValueError when a file cannot be read or is none."""
    for file in filter(None, (ca_file, cert_file, key_file)):
        try:
            unmarked(file)
        except ValueError as error:
            raise ValueError(phrase("at-key", key=file, problem=error)) from error
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return context
