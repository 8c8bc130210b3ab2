package natsbus

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// The blocks of a key file, in their order.
const (
	rolesBlock  = "HLSLOAD ROLE KEYS" // the seeds in the order of roles; its headers are the run and the address
	certBlock   = "CERTIFICATE"
	serverBlock = "PRIVATE KEY" // PKCS #8

	runHeader   = "Run"
	reachHeader = "Reach"

	maxKeyFile = 8 << 10
)

// Marshal returns the keys as PEM, which is a secret. reach is host:port where agents will reach
// the server.
func (k *Keys) Marshal(reach string) ([]byte, error) {
	if err := checkAddress(reach); err != nil {
		return nil, err
	}
	var seeds []byte
	for _, role := range roles {
		seed := k.seeds[role]
		seeds = append(seeds, seed[:]...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(k.Certificate.PrivateKey)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, block := range []*pem.Block{
		{Type: rolesBlock, Headers: map[string]string{runHeader: k.Run, reachHeader: reach}, Bytes: seeds},
		{Type: certBlock, Bytes: k.Certificate.Certificate[0]},
		{Type: serverBlock, Bytes: key},
	} {
		if err := pem.Encode(&b, block); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// ParseKeys reads what [Keys.Marshal] wrote, and nothing else. The error shows nothing of it.
func ParseKeys(text []byte) (k *Keys, reach string, err error) {
	if k, reach, err = parseKeys(text); err != nil {
		return nil, "", fmt.Errorf("keys of a conductor: %w", err)
	}
	return k, reach, nil
}

var errKeyFile = errors.New("damaged, or something else (want the file conductor.key as hlsload keys wrote it)")

func parseKeys(text []byte) (*Keys, string, error) {
	if len(text) > maxKeyFile {
		return nil, "", fmt.Errorf("more than %d bytes (want the file conductor.key as hlsload keys wrote it)", maxKeyFile)
	}
	var blocks [3]*pem.Block
	rest := text
	for i, want := range []string{rolesBlock, certBlock, serverBlock} {
		if blocks[i], rest = pem.Decode(rest); blocks[i] == nil || blocks[i].Type != want {
			return nil, "", errKeyFile
		}
	}
	k := &Keys{Run: blocks[0].Headers[runHeader], seeds: map[Role][32]byte{}}
	reach := blocks[0].Headers[reachHeader]
	if err := checkRun(k.Run); err != nil {
		return nil, "", err
	}
	if err := checkAddress(reach); err != nil {
		return nil, "", err
	}
	seeds := reader(blocks[0].Bytes)
	for _, role := range roles {
		k.seeds[role] = [32]byte(seeds.take(32))
	}
	leaf, err := x509.ParseCertificate(blocks[1].Bytes)
	if seeds == nil || err != nil {
		return nil, "", errKeyFile
	}
	parsed, err := x509.ParsePKCS8PrivateKey(blocks[2].Bytes)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() || !key.PublicKey.Equal(leaf.PublicKey) {
		return nil, "", errKeyFile
	}
	k.End = leaf.NotAfter
	k.Certificate = tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	k.pin = sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	if again, err := k.Marshal(reach); err != nil || !bytes.Equal(again, text) {
		return nil, "", errKeyFile
	}
	return k, reach, nil
}
