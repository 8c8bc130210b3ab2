package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"hlsload/player/consent"
)

// handshakeTime bounds a TLS handshake.
const handshakeTime = 30 * time.Second

// handshake turns a connection into a TLS connection. A configuration that skips the
// check of certificates skips it at local addresses only: elsewhere only the check
// shows that the target answers, and not a machine between.
func handshake(ctx context.Context, nc net.Conn, addr string, config *tls.Config) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		nc.Close()
		return nil, err
	}
	config = config.Clone()
	config.ServerName = host
	config.InsecureSkipVerify = config.InsecureSkipVerify && isLocal(nc.RemoteAddr())
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	c := tls.Client(nc, config)
	if err := c.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// protocols are the versions of HTTP to offer in a TLS handshake.
func protocols(http2 bool) []string {
	if http2 {
		return []string{"h2", "http/1.1"}
	}
	return []string{"http/1.1"}
}

// isLocal reports whether the other end of a connection has a local address.
func isLocal(a net.Addr) bool {
	if a == nil {
		return false
	}
	at, err := netip.ParseAddrPort(a.String())
	return err == nil && consent.Local(at.Addr())
}

// withAdvice adds to the error of a TLS connection what would be right.
func withAdvice(err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	want := ""
	switch {
	case errors.As(err, &unknown):
		want = "target.ca_file, --ca-file of probe, or SSL_CERT_FILE to name a PEM file with the certificate of the authority that signed it; at a local address target.insecure_skip_verify: true also does"
	case errors.As(err, &name):
		want = "a host in the URL that the certificate is for, or a certificate for this host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		want = "a certificate that is valid now, and the clock of this machine to be right"
	case errors.As(err, &invalid):
		want = "a certificate that may be used for this server"
	case errors.As(err, &record):
		want = "a server that speaks TLS at this port, or a URL with http://"
	default:
		return err
	}
	return fmt.Errorf("%w (want %s)", err, want)
}
