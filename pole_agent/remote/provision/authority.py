"""The fleet's certificate authority: P-256, with what Python 3.13 and OpenSSL ask for at their strictest.

An authority needs a critical keyUsage and basicConstraints, and everything below it the authority's key
identifier; `openssl req -x509` alone leaves the first out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS, DAYS = 3650, 825
CLOCKS = timedelta(days=1)  # a certificate begins earlier by this: clocks differ
NAME = "smart poles"
Public = ec.EllipticCurvePublicKey


def new_key() -> bytes:
    """A private key as PEM, without encryption."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _loaded(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(type(key).__name__)
    return key


def ends(certificate: bytes) -> datetime:
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def serial(certificate: bytes) -> str:
    return f"{x509.load_pem_x509_certificate(certificate).serial_number:x}"


def names(certificate: bytes) -> list[str]:
    """The hosts that it is for."""
    found = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return [str(name.value) for name in found.value]


def public_of(key: bytes) -> Public:
    return _loaded(key).public_key()


def public_in(certificate: bytes) -> Public:
    """A certificate is renewed without its private key, which is at the pole only."""
    found = x509.load_pem_x509_certificate(certificate).public_key()
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise ValueError(type(found).__name__)
    return found


def new_authority(key: bytes, now: datetime) -> bytes:
    """The certificate that the broker and all poles trust."""
    private = _loaded(key)
    usage = _usage(digital_signature=False, key_cert_sign=True, crl_sign=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    made = (
        _begun(name, name, private.public_key(), now - CLOCKS, now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Authority:
    """Both halves: the certificate, and the private key for as long as this object is."""

    certificate: bytes
    key: bytes = field(repr=False)

    def pole(self, name: str, public: Public, now: datetime) -> bytes:
        """A certificate with which a pole comes to the broker; the name is its id."""
        return self._leaf(name, public, now, ExtendedKeyUsageOID.CLIENT_AUTH)

    def broker(self, hosts: Sequence[str], public: Public, now: datetime) -> bytes:
        """A certificate for all names and addresses by which poles call the broker."""
        return self._leaf(hosts[0][:64], public, now, ExtendedKeyUsageOID.SERVER_AUTH, hosts)

    def _leaf(
        self,
        common: str,
        public: Public,
        now: datetime,
        purpose: x509.ObjectIdentifier,
        hosts: Sequence[str] = (),
    ) -> bytes:
        own = x509.load_pem_x509_certificate(self.certificate)
        above = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        until = min(now + timedelta(days=DAYS), own.not_valid_after_utc)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
        made = (
            _begun(subject, own.subject, public, max(now - CLOCKS, own.not_valid_before_utc), until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), critical=False
            )
        )
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName(map(_host, hosts)), critical=False)
        return made.sign(_loaded(self.key), hashes.SHA256()).public_bytes(Encoding.PEM)

    def revocations(self, serials: Iterable[str], now: datetime, number: int) -> bytes:
        """The list of what counts no more.

        It ends with the authority: a broker refuses every pole when its list has ended, and nobody fetches a
        new one by itself.
        """
        own = x509.load_pem_x509_certificate(self.certificate)
        private = _loaded(self.key)
        above = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(own.subject)
            .last_update(max(now - CLOCKS, own.not_valid_before_utc))
            .next_update(own.not_valid_after_utc)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), critical=False
            )
        )
        for text in sorted(serials):
            revoked = x509.RevokedCertificateBuilder().serial_number(int(text, 16)).revocation_date(now)
            made = made.add_revoked_certificate(revoked.build())
        return made.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM)


def revoked(crl: bytes) -> set[str]:
    return {f"{entry.serial_number:x}" for entry in x509.load_pem_x509_crl(crl)}


def _begun(
    subject: x509.Name, issuer: x509.Name, public: Public, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _usage(
    digital_signature: bool = True, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
