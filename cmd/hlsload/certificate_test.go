package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ownCertificate is a certificate that is signed by itself, for a staging server.
func ownCertificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"edge.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// TestOwnCertificate: a staging server with a certificate of its own, for the
// look before a run, its consent, the players and a probe.
func TestOwnCertificate(t *testing.T) {
	t.Parallel()
	certificate, text := ownCertificate(t)
	dir := t.TempDir()
	for name, data := range map[string][]byte{"ca.pem": text, "none.pem": []byte("none")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name    string
		target  string // more keys
		players int
		code    int
		said    string
		args    []string // of the probe
		probe   int
		found   string
	}{
		{"known", ", ca_file: ca.pem", 5, 0, "5 playing", []string{"--ca-file", filepath.Join(dir, "ca.pem")}, 0, "media.m3u8"},
		{"known, for a crowd", ", ca_file: ca.pem", 6, 0, "edge.example consents to this load (https://edge.example/.well-known/hlsload.txt)", []string{"--ca-file", filepath.Join(dir, "none.pem")}, exitUsage, "no certificate in it"},
		{"no certificate", ", ca_file: none.pem", 2, exitInvalid, "five.yaml:6:59: target.ca_file: \"none.pem\": no certificate in it", []string{"--ca-file", filepath.Join(dir, "missing.pem")}, exitUsage, "bad --ca-file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				p := &public{healthy: healthy{began: time.Now()}, agents: map[string]int{}, terms: "hlsload: 1\ntester: ops@example.com\nuntil: 2000-06-01\n"}
				srv := &http.Server{Handler: p}
				go srv.Serve(tls.NewListener(m.ListenAt("203.0.113.9:443"), &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}}))
				defer srv.Close()
				n := &names{hosts: map[string][]string{"edge.example": {"203.0.113.9"}}}
				file := filepath.Join(dir, "five.yaml")
				scenario := strings.Replace(fmt.Sprintf(fivePlayers, "https://edge.example/index.m3u8", tc.target), "players: 5", fmt.Sprintf("players: %d", tc.players), 1) + "authorized: {by: ops@example.com}\n"
				if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
					t.Fatal(err)
				}
				probe := append([]string{"probe", "https://edge.example/index.m3u8"}, tc.args...)
				for _, args := range [][]string{{"run", file, "--progress", "none", "--out", filepath.Join(t.TempDir(), "out")}, probe} {
					var stdout, stderr bytes.Buffer
					code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args, &stdout, &stderr)
					said := stderr.String() + strings.Join(strings.Fields(stdout.String()), " ")
					want, text := tc.code, tc.said
					if args[0] == "probe" {
						want, text = tc.probe, tc.found
					}
					if code != want || !strings.Contains(said, text) {
						t.Errorf("%s: exit code %d; want %d and %q in\n%.3000s", args[0], code, want, text, said)
					}
				}
			})
		})
	}
}

// TestUncheckedCertificate: at a local address, the check may be left out.
func TestUncheckedCertificate(t *testing.T) {
	t.Parallel()
	certificate, _ := ownCertificate(t)
	srv := httptest.NewUnstartedServer(&healthy{began: time.Now()})
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	const advice = "want target.ca_file, --ca-file of probe, or SSL_CERT_FILE"
	out := filepath.Join(t.TempDir(), "out")
	run := []string{"run", "testdata/scenarios/url.yaml", "--url", srv.URL + "/index.m3u8", "--duration", "1s", "--out", out}
	for _, c := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"probe", srv.URL + "/index.m3u8"}, 112, advice},
		{[]string{"probe", srv.URL + "/index.m3u8", "--insecure-skip-verify"}, 0, "media.m3u8"},
		{run, 112, advice},
		{append(run, "--set", "target.insecure_skip_verify=true"), 0, "certificates were not checked at local addresses"},
	} {
		var stdout, stderr bytes.Buffer
		if code := executeOn(t.Context(), network{}, c.args, &stdout, &stderr); code != c.code || !strings.Contains(stdout.String()+stderr.String(), c.said) {
			t.Errorf("%v: exit code %d; want %d and %q:\n%s%s", c.args, code, c.code, c.said, &stdout, &stderr)
		}
	}
}
