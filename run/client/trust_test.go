package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hlsload/player"
)

// certified returns a server with a certificate of its own.
func certified(t *testing.T, change func(*x509.Certificate)) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "staging"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	change(c)
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	srv.EnableHTTP2 = true
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	srv.Config.ErrorLog = nil
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(der)
	roots.AddCert(parsed)
	return srv, roots
}

// elsewhere is a connection whose other end claims a public address.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 9), Port: 443}
}

func TestTrust(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	good, roots := certified(t, func(*x509.Certificate) {})
	other, otherRoots := certified(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} })
	old, oldRoots := certified(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	for _, tc := range []struct {
		name   string
		url    string
		config *tls.Config
		public bool   // the server seems to be at a public address
		want   string // protocol, or what the error says
	}{
		{"an unknown authority", good.URL, nil, false, "want target.ca_file, --ca-file of probe, or SSL_CERT_FILE"},
		{"a known one", good.URL, &tls.Config{RootCAs: roots}, false, "HTTP/2.0"},
		{"unchecked, at home", good.URL, &tls.Config{InsecureSkipVerify: true}, false, "HTTP/2.0"},
		{"unchecked, elsewhere", good.URL, &tls.Config{InsecureSkipVerify: true}, true, "want target.ca_file"},
		{"known, elsewhere", good.URL, &tls.Config{RootCAs: roots, InsecureSkipVerify: true}, true, "HTTP/2.0"},
		{"another name", other.URL, &tls.Config{RootCAs: otherRoots}, false, "want a host in the URL that the certificate is for"},
		{"another name, unchecked", other.URL, &tls.Config{InsecureSkipVerify: true}, false, "HTTP/2.0"},
		{"over", old.URL, &tls.Config{RootCAs: oldRoots}, false, "want a certificate that is valid now"},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), nil, false, "want a server that speaks TLS at this port, or a URL with http://"},
		{"no TLS, unchecked", strings.Replace(plain.URL, "http:", "https:", 1), &tls.Config{InsecureSkipVerify: true}, false, "or a URL with http://"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, network, addr)
				if tc.public && err == nil {
					return elsewhere{nc}, nil
				}
				return nc, err
			}
			c := New(&Config{Conns: 1, HTTP2: true, TLS: tc.config}, dial)
			defer c.Close()
			_, _, body, err := ask(c, tc.url)
			if !strings.Contains(body+fmt.Sprint(err), tc.want) {
				t.Errorf("%q, %v; want %s", body, err, tc.want)
			}
			if err != nil && Failure(err) != player.Refused {
				t.Errorf("%v is taken for %v; want refused", err, Failure(err))
			}
		})
	}
}
