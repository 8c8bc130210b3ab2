package natsbus

import (
	"crypto/tls"

	"github.com/nats-io/nats.go"
)

// Raw connects as a client without restraint: with the keys of a join string, and no
// check of its own. It returns its ID.
func Raw(join *Join, o ...nats.Option) (*nats.Conn, string, error) {
	who, err := newIdentity(join.Role, join.Run, join.seed)
	if err != nil {
		return nil, "", err
	}
	o = append(append(who.options(), nats.Secure(&tls.Config{InsecureSkipVerify: true}), nats.TLSHandshakeFirst()), o...)
	nc, err := nats.Connect("tls://"+join.Address, o...)
	return nc, idOf(who.public), err
}

// Conn is the connection of a bus, without its checks.
func (b *Bus) Conn() *nats.Conn { return b.nc }

// Via returns the join string with another address.
func (j *Join) Via(address string) *Join {
	other := *j
	other.Address = address
	return &other
}

// Forge returns the join string with another role, run or seed.
func (j *Join) Forge(role Role, run string, spoil bool) *Join {
	other := *j
	other.Role, other.Run = role, run
	if spoil {
		other.seed[0] ^= 1
	}
	return &other
}
