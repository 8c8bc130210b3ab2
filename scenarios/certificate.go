package scenarios

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"hlsload/player/consent"
)

// trust reads which certificates of a target are accepted.
func (d *decoder) trust(caAt, skipAt value, t *Target) {
	t.CA = d.certificates(caAt)
	t.InsecureSkipVerify = skipAt.boolean(false)
	for _, u := range t.URLs {
		p, err := url.Parse(u.Value)
		if err != nil || !t.InsecureSkipVerify {
			continue
		}
		if a, err := netip.ParseAddr(p.Hostname()); err == nil && !consent.Local(a) {
			skipAt.problem("certificate checks can be skipped only at local addresses (got a URL with %s; want ca_file)", a)
		}
	}
}

// certificates reads a file of certificates, named relative to the scenario.
func (d *decoder) certificates(v value) []byte {
	if !v.given() {
		return nil
	}
	_, data, ok := v.file("the certificates", "no ca_file")
	if !ok {
		return nil
	}
	if err := CheckCertificates(data); err != nil {
		v.problem("%s: %v", v.got(), err)
		return nil
	}
	return data
}

// CheckCertificates says why data is not a PEM file with certificates.
func CheckCertificates(data []byte) error {
	n := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		n++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("certificate %d cannot be read: %w", n, err)
		}
	}
	if n == 0 {
		return errors.New("no certificate in it (want PEM, with -----BEGIN CERTIFICATE-----)")
	}
	return nil
}
