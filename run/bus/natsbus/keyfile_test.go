package natsbus

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

// keyFile is a file of fresh keys.
func keyFile(t testing.TB, run, reach string) (*Keys, []byte) {
	t.Helper()
	k, err := NewKeys(run, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.Marshal(reach)
	if err != nil {
		t.Fatal(err)
	}
	return k, text
}

func TestKeysReadWhatTheyWrote(t *testing.T) {
	for _, reach := range []string{"127.0.0.1:4222", "[::1]:1", "conductor-0.hlsload.svc.cluster.local:65535", strings.Repeat("a", maxAddress-5) + ":4222"} {
		run := strings.Repeat("r", maxRun)
		k, text := keyFile(t, run, reach)
		got, at, err := ParseKeys(text)
		if err != nil || got.Run != run || at != reach || !got.End.Equal(k.End.Truncate(time.Second)) {
			t.Fatalf("%s: %v, %s, %v", reach, got, at, err)
		}
		for _, role := range roles {
			a, err := k.Join(role, reach)
			b, err2 := got.Join(role, reach)
			if err != nil || err2 != nil || a.Text() != b.Text() {
				t.Errorf("%s, %s: another join string; %v, %v", reach, role, err, err2)
			}
		}
	}
	k, _ := keyFile(t, "r", "a:1")
	for _, reach := range []string{"", "a", ":1", "a:0", "a b:1", "a:1\nRun: s"} {
		if _, err := k.Marshal(reach); err == nil {
			t.Errorf("%q: no error", reach)
		}
	}
}

// TestParseKeysTakesNothingElse: what differs in a byte is another file.
func TestParseKeysTakesNothingElse(t *testing.T) {
	_, text := keyFile(t, "r", "10.0.0.1:4222")
	k, other := keyFile(t, "r", "10.0.0.1:4222")
	file := func(headers map[string]string, seeds []byte, key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for _, block := range []*pem.Block{{Type: rolesBlock, Headers: headers, Bytes: seeds}, {Type: certBlock, Bytes: k.Certificate.Certificate[0]}, {Type: serverBlock, Bytes: der}} {
			if err := pem.Encode(&b, block); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	headers := func(run, reach string) map[string]string {
		return map[string]string{runHeader: run, reachHeader: reach}
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	seeds, own := make([]byte, 96), k.Certificate.PrivateKey
	if _, _, err := ParseKeys(file(headers("r", "a:1"), seeds, own)); err != nil {
		t.Fatalf("the test makes files that are wrong: %v", err)
	}
	parts := bytes.SplitAfter(text, []byte("-----\n"))
	for name, tc := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":           {nil, "damaged"},
		"noise":             {[]byte("key"), "damaged"},
		"cut off":           {text[:len(text)-40], "damaged"},
		"more at its end":   {append(bytes.Clone(text), '\n'), "damaged"},
		"more before":       {append([]byte("# keys\n"), text...), "damaged"},
		"a block twice":     {append(bytes.Clone(text), text...), "damaged"},
		"Windows line ends": {bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), "damaged"},
		"other order":       {bytes.Join([][]byte{parts[2], parts[3], parts[0], parts[1], parts[4], parts[5]}, nil), "damaged"},
		"another's key":     {append(bytes.Clone(text[:bytes.Index(text, []byte("-----BEGIN PRIV"))]), other[bytes.Index(other, []byte("-----BEGIN PRIV")):]...), "damaged"},
		"large":             {append(bytes.Clone(text), make([]byte, maxKeyFile)...), "more than 8192 bytes"},
		"no run":            {file(map[string]string{reachHeader: "a:1"}, seeds, own), "run"},
		"a bad run":         {file(headers("a.b", "a:1"), seeds, own), "run"},
		"no address":        {file(headers("r", "a"), seeds, own), "address"},
		"one header more":   {file(map[string]string{runHeader: "r", reachHeader: "a:1", "More": "x"}, seeds, own), "damaged"},
		"few seeds":         {file(headers("r", "a:1"), seeds[1:], own), "damaged"},
		"many seeds":        {file(headers("r", "a:1"), append(seeds, 0), own), "damaged"},
		"another curve":     {file(headers("r", "a:1"), seeds, p384), "damaged"},
	} {
		got, _, err := ParseKeys(tc.text)
		if err == nil || got != nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v (want %q)", name, err, tc.says)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	_, text := keyFile(f, "r", "10.0.0.1:4222")
	f.Add(text)
	_, text = keyFile(f, "run-7", "[fe80::1]:4222")
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add(bytes.ReplaceAll(text, []byte("Run: "), []byte("Run:")))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, reach, err := ParseKeys(text)
		if err != nil {
			return
		}
		if again, err := k.Marshal(reach); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q reads as another one: %v", text, err)
		}
		if _, err := k.Join(Agent, reach); err != nil {
			t.Error(err)
		}
	})
}
