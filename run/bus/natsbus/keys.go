package natsbus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// Keys are the secrets of one server: the keys of the roles and the key of its
// certificate. They live in memory, and in the file of [Keys.Marshal] where join strings have
// to be known before the run.
type Keys struct {
	// Run is the run that the server is for.
	Run string
	// Certificate is what the server shows: self-signed, ECDSA P-256.
	Certificate tls.Certificate
	// End is when the certificate ends. No client connects after that.
	End time.Time

	pin   [sha256.Size]byte
	seeds map[Role][32]byte
}

// skew is how late the clock of an agent may be when the certificate is new.
const skew = time.Hour

// NewKeys returns fresh keys for a run. lifetime is how long clients may connect; it has
// to be longer than the run.
func NewKeys(run string, now time.Time, lifetime time.Duration) (*Keys, error) {
	if err := checkRun(run); err != nil {
		return nil, err
	}
	k := &Keys{Run: run, End: now.Add(lifetime), seeds: map[Role][32]byte{}}
	for _, role := range roles {
		var seed [32]byte
		rand.Read(seed[:])
		k.seeds[role] = seed
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "hlsload"},
		NotBefore: now.Add(-skew), NotAfter: k.End,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	k.Certificate = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	k.pin = sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return k, nil
}

// Join returns what the join string of a role says. address is host:port where clients reach the server.
func (k *Keys) Join(role Role, address string) (*Join, error) {
	if err := checkAddress(address); err != nil {
		return nil, err
	}
	return &Join{Role: role, Address: address, Run: k.Run, pin: k.pin, seed: k.seeds[role]}, nil
}

// String and GoString show no secret.
func (k *Keys) String() string   { return "keys of run " + k.Run }
func (k *Keys) GoString() string { return k.String() }

// Proof is what a client shows when it connects, as in NATS's CONNECT.
type Proof struct {
	Nkey  string // public half of the client's own key
	Sig   string // of the nonce, by the own key
	Token string // the role, and the own key signed with the key of the role
}

// Admit returns the role of a client and its ID, or an error that says why it must not connect.
func (k *Keys) Admit(p Proof, nonce []byte) (role Role, id string, err error) {
	own, err := nkeys.FromPublicKey(p.Nkey)
	if err != nil || !nkeys.IsValidPublicUserKey(p.Nkey) {
		return 0, "", errors.New("shows no key of its own")
	}
	sig, err := base64.RawURLEncoding.DecodeString(p.Sig)
	if err != nil || len(nonce) == 0 || own.Verify(nonce, sig) != nil {
		return 0, "", errors.New("does not hold the key that it shows")
	}
	name, signed, ok := strings.Cut(p.Token, ".")
	if ok && len(name) == 1 {
		role = Role(name[0])
	}
	seed, known := k.seeds[role]
	if !known {
		return 0, "", errors.New("says no role")
	}
	pair, err := roleKey(seed)
	if err != nil {
		return 0, "", err
	}
	sig, err = base64.RawURLEncoding.DecodeString(signed)
	if err != nil || pair.Verify(statement(role, k.Run, p.Nkey), sig) != nil {
		return 0, "", fmt.Errorf("does not hold the key for %s", role)
	}
	return role, idOf(p.Nkey), nil
}

// identity is the key of one connection.
type identity struct {
	own    nkeys.KeyPair
	public string
	token  string
}

func newIdentity(role Role, run string, seed [32]byte) (*identity, error) {
	own, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	public, err := own.PublicKey()
	if err != nil {
		return nil, err
	}
	pair, err := roleKey(seed)
	if err != nil {
		return nil, err
	}
	sig, err := pair.Sign(statement(role, run, public))
	if err != nil {
		return nil, err
	}
	return &identity{own: own, public: public, token: string(role) + "." + base64.RawURLEncoding.EncodeToString(sig)}, nil
}

func roleKey(seed [32]byte) (nkeys.KeyPair, error) {
	return nkeys.FromRawSeed(nkeys.PrefixByteUser, seed[:])
}

// statement is what the key of a role signs.
func statement(role Role, run, public string) []byte {
	return fmt.Appendf(nil, "hlsload bus 1\n%s\n%s\n%s\n", role, run, public)
}

// idOf is the ID of the holder of a key: 128 bits, as hexadecimal digits.
func idOf(public string) string {
	sum := sha256.Sum256([]byte(public))
	return hex.EncodeToString(sum[:16])
}

// verify returns an error unless the server has the key of the join string and a
// certificate that is valid now.
func (j *Join) verify(state tls.ConnectionState, now time.Time) error {
	if len(state.PeerCertificates) == 0 {
		return fmt.Errorf("%w: it shows no certificate", ErrRefused)
	}
	leaf := state.PeerCertificates[0]
	if sha256.Sum256(leaf.RawSubjectPublicKeyInfo) != j.pin {
		return fmt.Errorf("%w: its key is not that of the join string (want the join string of the conductor that runs now)", ErrRefused)
	}
	for _, bad := range []struct {
		is   bool
		word string
		at   time.Time
	}{{now.After(leaf.NotAfter), "ended", leaf.NotAfter}, {now.Before(leaf.NotBefore), "begins", leaf.NotBefore}} {
		if bad.is {
			const layout = "2006-01-02 15:04:05"
			return fmt.Errorf("%w: its certificate %s at %s UTC, and the clock here says %s (want a clock that is right, or a new join string)",
				ErrRefused, bad.word, bad.at.UTC().Format(layout), now.UTC().Format(layout))
		}
	}
	return nil
}
