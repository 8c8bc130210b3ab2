package natsbus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"hlsload/run/bus"
	"hlsload/system"
)

var (
	// ErrRefused is the error of a connection that will not work when it is tried again:
	// a wrong server, a wrong key, or one that ended.
	ErrRefused = errors.New("the server is not the right one")
	// ErrDenied is the error of a key that the server does not take.
	ErrDenied = errors.New("the server does not take this key")
	// ErrOffline is the error of whatever is sent while there is no connection. The
	// bus connects again by itself; the message is lost.
	ErrOffline = errors.New("not connected")
)

// The lease of an agent is 3 s: a dead connection has to be seen within about that
// time, and a short one has to come back before. NATS's own values are minutes.
const (
	pingEvery    = time.Second
	pingsMissing = 2 // connection is dead at the next one
	retryEvery   = 200 * time.Millisecond
	retryJitter  = 100 * time.Millisecond
	connectLimit = 3 * time.Second
	writeLimit   = 3 * time.Second
)

// Options are for all ways to connect. The zero value is ready.
type Options struct {
	// Name is what the server's monitoring shows.
	Name string
	// Warn gets lines about lost and regained connections and about refused subjects,
	// one at a time; nil = none. It must not wait and must not close the bus.
	Warn func(string)
}

// Dial connects to the server of a join string, as its role, within a few seconds.
// The error is [ErrRefused] or [ErrDenied] when another try would not help.
func Dial(ctx context.Context, join *Join, o Options) (*Bus, error) {
	who, err := newIdentity(join.Role, join.Run, join.seed)
	if err != nil {
		return nil, err
	}
	b := newBus(space{run: join.Run, role: join.Role}, o)
	if join.Role != Conductor {
		b.space.id = idOf(who.public)
	}
	config := &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // no name and no CA: the pin decides
		VerifyConnection: func(state tls.ConnectionState) error {
			err := join.verify(state, time.Now())
			if err != nil { // nats.go keeps it to itself when it connects again
				b.retried(nil, err)
			}
			return err
		},
	}
	return b.connect(ctx, "tls://"+join.Address, append(who.options(),
		nats.Secure(config), nats.TLSHandshakeFirst(), nats.IgnoreDiscoveredServers()))
}

// Inside connects the conductor to the server inside its own process.
func Inside(ctx context.Context, server nats.InProcessConnProvider, keys *Keys, o Options) (*Bus, error) {
	who, err := newIdentity(Conductor, keys.Run, keys.seeds[Conductor])
	if err != nil {
		return nil, err
	}
	b := newBus(space{run: keys.Run, role: Conductor}, o)
	b.server = "the server in this process"
	return b.connect(ctx, nats.DefaultURL, append(who.options(), nats.InProcessServer(server)))
}

func (who *identity) options() []nats.Option {
	return []nats.Option{nats.Nkey(who.public, who.own.Sign), nats.Token(who.token)}
}

// Cluster is a NATS cluster that exists.
type Cluster struct {
	// URL is one URL or several with commas: nats://host:4222 or tls://host:4222. The
	// certificate of tls:// is checked with the CAs of this machine.
	URL string
	// Creds is the content of a credentials file; nil = none.
	Creds []byte
	// Prefix is one or more words before all subjects, such as "team.video"; empty = none.
	Prefix string
}

// Attach connects to a cluster that exists, within a few seconds. The ID is random.
func Attach(ctx context.Context, c Cluster, role Role, run string, o Options) (*Bus, error) {
	s := space{run: run, role: role}
	if err := checkRun(run); err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Prefix != "" {
		s.prefix = c.Prefix + "."
	}
	if role != Conductor {
		s.id = random()
	}
	var opts []nats.Option
	if c.Creds != nil {
		opts = append(opts, nats.UserCredentialBytes(c.Creds))
	}
	return newBus(s, o).connect(ctx, c.URL, opts)
}

// Check returns the error of a cluster that cannot be right, without connecting.
func (c *Cluster) Check() error {
	if c.Prefix != "" {
		if err := bus.Check(c.Prefix, nil); err != nil {
			return fmt.Errorf("prefix: %w", err)
		}
	}
	if err := checkURLs(c.URL); err != nil {
		return err
	}
	if c.Creds != nil {
		pair, err := nkeys.ParseDecoratedNKey(c.Creds)
		if err != nil {
			return errors.New("credentials: hold no key (want the content of a .creds file of NATS)")
		}
		pair.Wipe()
	}
	return nil
}

// CheckRun returns the error of a name that no run on a bus has.
func CheckRun(run string) error { return checkRun(run) }

// CheckReach returns the error of an address that no join string has: it is host:port.
func CheckReach(address string) error { return checkAddress(address) }

func checkURLs(list string) error {
	for text := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return errors.New("URL of NATS: want nats://HOST:PORT or tls://HOST:PORT, several with commas")
		}
	}
	return nil
}

func random() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// dialer ends a dial when the bus is closed: nats.go holds its lock meanwhile.
type dialer struct {
	ctx context.Context
	net.Dialer
}

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(d.ctx, network, address)
}

// connect makes the connection of a new bus.
func (b *Bus) connect(ctx context.Context, address string, opts []nats.Option) (*Bus, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.server == "" {
		b.server = hosts(address)
	}
	life, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	keep := context.AfterFunc(ctx, cancel)
	opts = append(opts,
		nats.Name(b.options.Name), nats.NoEcho(), nats.SkipHostLookup(),
		nats.SetCustomDialer(&dialer{life, net.Dialer{Timeout: connectLimit}}), nats.Timeout(connectLimit), nats.FlusherTimeout(writeLimit),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsMissing),
		nats.MaxReconnects(-1), nats.ReconnectWait(retryEvery), nats.ReconnectJitter(retryJitter, retryJitter),
		nats.ReconnectBufSize(-1), nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(b.disconnected), nats.ReconnectHandler(b.reconnected), nats.ReconnectErrHandler(b.retried),
		nats.ErrorHandler(b.failed), nats.ClosedHandler(func(*nats.Conn) { close(b.over) }),
	)
	nc, err := nats.Connect(address, opts...)
	if !keep() && ctx.Err() != nil { // ended meanwhile
		if nc != nil {
			nc.Close()
		}
		return nil, ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("connect to %s: %w", b.server, inWords(err))
	}
	b.nc = nc
	if err := b.ready(); err != nil {
		b.Close()
		return nil, fmt.Errorf("connect to %s: %w", b.server, err)
	}
	return b, nil
}

// ready checks what the server can do and subscribes to the answers.
func (b *Bus) ready() error {
	if n := b.nc.MaxPayload(); n < bus.MaxPayload {
		return fmt.Errorf("the server takes messages of at most %d bytes (want max_payload %d or more)", n, bus.MaxPayload)
	}
	if !b.nc.HeadersSupported() {
		return fmt.Errorf("the server is version %.20s, which cannot tell that nothing answers (want 2.2 or newer)", b.nc.ConnectedServerVersion())
	}
	_, err := b.nc.Subscribe(b.space.wire(b.space.inbox()), b.answered)
	return err
}

// hosts are the hosts of URLs, without user and password.
func hosts(urls string) string {
	var list []string
	for text := range strings.SplitSeq(urls, ",") {
		if u, err := url.Parse(strings.TrimSpace(text)); err == nil {
			list = append(list, u.Host)
		}
	}
	return strings.Join(list, ", ")
}

// inWords replaces what nats.go and the system say by what happened.
func inWords(err error) error {
	var timeout net.Error
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return errors.New("the server closed the connection")
	case errors.Is(err, ErrRefused):
		// nats.go and crypto/tls put their own words around it
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.HasPrefix(e.Error(), ErrRefused.Error()) {
				return e
			}
		}
		return err
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("%w (want the join string or the credentials of this run)", ErrDenied)
	case errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAccountAuthExpired):
		return fmt.Errorf("%w: it has expired (want new credentials)", ErrDenied)
	case errors.Is(err, nats.ErrMaxConnectionsExceeded), errors.Is(err, nats.ErrMaxAccountConnectionsExceeded):
		return errors.New("the server has all the connections that it allows")
	case errors.Is(err, nats.ErrStaleConnection):
		return fmt.Errorf("no answer for %v", pingEvery*(pingsMissing+1))
	case system.IsRefused(err), errors.Is(err, nats.ErrNoServers): // nats.go hides the first
		return errors.New("connection refused: nothing listens there")
	case system.IsReset(err):
		return errors.New("the connection was reset")
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %v", connectLimit)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return errors.New("the server wants TLS (want tls://)")
	case errors.Is(err, nats.ErrSecureConnWanted):
		return errors.New("the server has no TLS (want nats://)")
	}
	return fmt.Errorf("%.300s", strings.TrimPrefix(err.Error(), "nats: "))
}
