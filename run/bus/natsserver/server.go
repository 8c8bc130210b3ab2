// Package natsserver is the NATS server inside the process of a conductor.
//
// It serves one run, has no JetStream, writes no file and talks TLS 1.3 over
// sockets. [hlsload/run/bus/natsbus] says who may do what. Only the full build
// has it: see [hlsload/run/bus/embedded].
package natsserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"hlsload/run/bus"
	"hlsload/run/bus/natsbus"
)

const (
	clients      = 1100
	clientSubs   = 64       // subscriptions of one connection
	clientMemory = 16 << 20 // bytes that wait for one connection; it is cut off beyond
	authLimit    = 3.0      // seconds for TLS, and again for the key
	writeLimit   = 3 * time.Second
	pingEvery    = 2 * time.Second
	startLimit   = 10 * time.Second
	pollEvery    = 50 * time.Millisecond
)

// Server is a server that runs.
type Server struct {
	nats  *server.Server
	keys  *natsbus.Keys
	reach string // empty without a socket
}

// Start starts a server. [Server.Close] ends it.
func Start(o natsbus.ServerOptions) (*Server, error) {
	opts := &server.Options{
		ServerName: "hlsload", NoSigs: true, NoLog: true, NoSystemAccount: true,
		MaxConn: o.Clients, MaxSubs: clientSubs, MaxPayload: bus.MaxPayload, MaxPending: clientMemory,
		AuthTimeout: authLimit, TLSTimeout: authLimit, WriteDeadline: writeLimit, PingInterval: pingEvery, MaxPingsOut: 2,
		AlwaysEnableNonce:          true,
		CustomClientAuthentication: &guard{o.Keys, o.Refused},
		DontListen:                 o.Listen == "",
	}
	if opts.MaxConn == 0 {
		opts.MaxConn = clients
	}
	if o.Listen != "" {
		host, port, err := listenAddress(o.Listen)
		if err != nil {
			return nil, err
		}
		opts.Host, opts.Port = host, port
		opts.TLS, opts.TLSHandshakeFirst = true, true
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{o.Keys.Certificate}}
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start the NATS server: %w", err)
	}
	log := &fatal{first: make(chan string, 1)}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	it := &Server{nats: s, keys: o.Keys}
	if err := log.ready(s); err != nil {
		it.Close()
		return nil, fmt.Errorf("start the NATS server: %w", err)
	}
	if o.Listen != "" {
		if it.reach, err = reach(o.Reach, s.Addr()); err != nil {
			it.Close()
			return nil, err
		}
	}
	return it, nil
}

// listenAddress reads an address to listen at.
func listenAddress(text string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(text)
	n, bad := strconv.ParseUint(number, 10, 16)
	if err != nil || bad != nil {
		return "", 0, fmt.Errorf("listen at %.80q (want host:port, or :port for this machine only)", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if n == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(n), nil
}

// reach is where agents reach a server. They cannot dial "all addresses".
func reach(want string, at net.Addr) (string, error) {
	if want != "" {
		return want, nil
	}
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return "", fmt.Errorf("the NATS server listens at %v (want a TCP address)", at)
	}
	if tcp.IP.IsUnspecified() {
		return "", errors.New("the NATS server listens at all addresses of this machine (want to know which one agents reach: host:port)")
	}
	return tcp.String(), nil
}

// Join returns the join string of a role. A server without a socket has none.
func (s *Server) Join(role natsbus.Role) (*natsbus.Join, error) {
	if s.reach == "" {
		return nil, errors.New("the NATS server has no socket (want an address to listen at)")
	}
	return s.keys.Join(role, s.reach)
}

// Bus returns the conductor's end, which uses no socket.
func (s *Server) Bus(ctx context.Context, o natsbus.Options) (*natsbus.Bus, error) {
	return natsbus.Inside(ctx, s.nats, s.keys, o)
}

// Close cuts all connections and waits until the server has ended.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// guard lets clients in and says what they may do.
type guard struct {
	keys    *natsbus.Keys
	refused func(string)
}

func (g *guard) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	role, id, err := g.keys.Admit(natsbus.Proof{Nkey: o.Nkey, Sig: o.Sig, Token: o.Token}, c.GetNonce())
	if err == nil && c.Kind() != server.CLIENT {
		err = errors.New("is a server")
	}
	if err != nil {
		if g.refused != nil {
			from := "this process"
			if a := c.RemoteAddress(); a != nil {
				from = a.String()
			}
			g.refused(fmt.Sprintf("the NATS server refused %s: it %v", from, err))
		}
		return false
	}
	c.RegisterUser(&server.User{Username: role.String() + " " + id, Permissions: permissions(role, g.keys.Run, id)})
	return true
}

// permissions are those of a role. The server is its conductor's alone.
func permissions(role natsbus.Role, run, id string) *server.Permissions {
	publish, subscribe := natsbus.Permissions(role, run, id)
	if role == natsbus.Conductor {
		publish, subscribe = []string{">"}, []string{">"}
	}
	return &server.Permissions{Publish: only(publish), Subscribe: only(subscribe)}
}

func only(allowed []string) *server.SubjectPermission {
	if len(allowed) == 0 { // to the server no list means everything
		return &server.SubjectPermission{Deny: []string{">"}}
	}
	return &server.SubjectPermission{Allow: allowed}
}

// fatal keeps the first fatal message of a server, such as an address in use.
type fatal struct{ first chan string }

// ready waits until the server is ready or has failed.
func (f *fatal) ready(s *server.Server) error {
	for end := time.Now().Add(startLimit); time.Now().Before(end); {
		if s.ReadyForConnections(pollEvery) {
			return nil
		}
		select {
		case why := <-f.first:
			return errors.New(why)
		default:
		}
	}
	return fmt.Errorf("not ready after %v", startLimit)
}

func (f *fatal) Fatalf(format string, args ...any) {
	select {
	case f.first <- fmt.Sprintf(format, args...):
	default:
	}
}
func (*fatal) Noticef(string, ...any) {}
func (*fatal) Warnf(string, ...any)   {}
func (*fatal) Errorf(string, ...any)  {}
func (*fatal) Debugf(string, ...any)  {}
func (*fatal) Tracef(string, ...any)  {}
