package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player/consent"
)

// zone is a resolver whose answers a test makes.
type zone struct {
	mu     sync.Mutex
	answer func(n int, host string) ([]netip.Addr, error) // n-th look-up
	asked  int
}

func (z *zone) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	z.mu.Lock()
	n := z.asked
	z.asked++
	z.mu.Unlock()
	if network != "ip" {
		return nil, fmt.Errorf("looked up %s; want IPv4 and IPv6", network)
	}
	return z.answer(n, host)
}

func addrs(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// dialled notes what is dialled, and fails for addresses that a test says.
type dialled struct {
	mu   sync.Mutex
	to   []string
	fail map[string]error
}

func (d *dialled) dial(ctx context.Context, _, address string) (net.Conn, error) {
	d.mu.Lock()
	d.to = append(d.to, address)
	err, ok := d.fail[address]
	d.mu.Unlock()
	if ok {
		if err == nil { // it never answers
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	c, other := net.Pipe()
	other.Close()
	return c, nil
}

func (d *dialled) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := strings.Join(d.to, " ")
	d.to = nil
	return s
}

// TestSpread: each connection asks anew, and players take different addresses of
// both families.
func TestSpread(t *testing.T) {
	z := &zone{answer: func(n int, _ string) ([]netip.Addr, error) {
		return addrs("192.0.2.1", "192.0.2.2", "2001:db8::1", fmt.Sprintf("192.0.2.%d", 10+n/100)), nil
	}}
	d := &dialled{}
	r := NewDialer(DialerConfig{Resolver: z, Dial: d.dial})
	for n := range uint64(400) {
		if _, err := r.For(n, false)(t.Context(), "tcp", "cdn.example:443"); err != nil {
			t.Fatal(err)
		}
	}
	if z.asked != 400 {
		t.Errorf("%d look-ups; want one a connection", z.asked)
	}
	got := r.conns
	for _, a := range addrs("192.0.2.1", "192.0.2.2", "2001:db8::1") {
		if got[a] != 100 {
			t.Errorf("%v: %d connections; want a quarter", a, got[a])
		}
	}
	if len(got) != 7 || !strings.Contains(d.take(), "[2001:db8::1]:443") {
		t.Errorf("addresses: %v; want three and the four of later answers", got)
	}
}

// TestOtherAddresses: what does not answer is not the end.
func TestOtherAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := &zone{answer: func(int, string) ([]netip.Addr, error) { return addrs("2001:db8::1", "192.0.2.1", "192.0.2.2"), nil }}
		d := &dialled{fail: map[string]error{"[2001:db8::1]:80": syscall.ENETUNREACH, "192.0.2.1:80": nil}}
		r := NewDialer(DialerConfig{Resolver: z, Dial: d.dial})
		began := time.Now()
		if _, err := r.For(0, false)(t.Context(), "tcp", "h:80"); err != nil || time.Since(began) != nextAddress {
			t.Errorf("%v after %v; want the third address after %v", err, time.Since(began), nextAddress)
		}
		if got := d.take(); got != "[2001:db8::1]:80 192.0.2.1:80 192.0.2.2:80" {
			t.Errorf("dialled %s", got)
		}
		// IPv6 is not tried again on a machine that has none.
		if _, err := r.For(3, false)(t.Context(), "tcp", "h:80"); err != nil {
			t.Error(err)
		}
		if got := d.take(); got != "192.0.2.1:80 192.0.2.2:80" {
			t.Errorf("dialled %s", got)
		}
		// All refuse: the first error counts.
		d.fail = map[string]error{"192.0.2.1:80": syscall.ECONNREFUSED, "192.0.2.2:80": syscall.EHOSTUNREACH, "[2001:db8::1]:80": syscall.ENETUNREACH}
		if _, err := r.For(1, false)(t.Context(), "tcp", "h:80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v; want refused", err)
		}
	})
}

// TestLastAnswer: an answer is used again for a moment when the resolver fails,
// and not when it says that the name is gone.
func TestLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails error
		z := &zone{answer: func(int, string) ([]netip.Addr, error) { return addrs("192.0.2.1"), fails }}
		d := &dialled{}
		r := NewDialer(DialerConfig{Resolver: z, Dial: d.dial})
		try := func() error {
			_, err := r.For(0, false)(t.Context(), "tcp", "h:80")
			return err
		}
		if err := try(); err != nil {
			t.Fatal(err)
		}
		fails = &net.DNSError{Err: "server misbehaving", Name: "h", IsTemporary: true}
		time.Sleep(staleAnswer - time.Second)
		if err := try(); err != nil {
			t.Errorf("with a young answer: %v", err)
		}
		time.Sleep(time.Second)
		if err := try(); err == nil {
			t.Error("an old answer was used")
		}
		fails = nil
		if err := try(); err != nil {
			t.Error(err)
		}
		fails = &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}
		if err := try(); err == nil {
			t.Error("a name that is gone was used")
		}
		fails = nil
		for i := range 2 * maxAnswers {
			if _, err := r.look(t.Context(), fmt.Sprint("h", i)); err != nil {
				t.Fatal(err)
			}
		}
		if len(r.last) > maxAnswers {
			t.Errorf("%d answers are kept", len(r.last))
		}
	})
}

// TestAllow: what counts is the address that is dialled, whatever the name stood
// for before.
func TestAllow(t *testing.T) {
	z := &zone{answer: func(n int, host string) ([]netip.Addr, error) {
		switch {
		case host == "rebinds" && n > 0, host == "foreign":
			return addrs("203.0.113.9"), nil
		case host == "mixed":
			return addrs("10.0.0.1", "203.0.113.9"), nil
		}
		return addrs("10.0.0.1", "::ffff:127.0.0.1"), nil
	}}
	allow := func(host string, addrs []netip.Addr) error {
		for _, a := range addrs {
			if !consent.Local(a) && host != "agreed" {
				return &NotAllowed{host, a, "consent"}
			}
		}
		return nil
	}
	for _, c := range []struct {
		hosts string // dialled one after the other
		want  string // of the last one
	}{
		{"local", ""},
		{"127.0.0.1", ""},
		{"[::1]", ""},
		{"rebinds", ""},
		{"rebinds rebinds", "no consent for rebinds, which is at 203.0.113.9 (want consent)"},
		{"mixed", "no consent for mixed, which is at 203.0.113.9 (want consent)"},
		{"foreign", "no consent for foreign"},
		{"8.8.8.8", "no consent for 8.8.8.8"},
		{"[::ffff:8.8.8.8]", "no consent for ::ffff:8.8.8.8, which is at 8.8.8.8"},
		{"agreed", ""},
	} {
		z.asked = 0
		d := &dialled{}
		r := NewDialer(DialerConfig{Resolver: z, Dial: d.dial, Allow: allow})
		var err error
		for h := range strings.FieldsSeq(c.hosts) {
			d.take()
			_, err = r.For(0, false)(t.Context(), "tcp", h+":80")
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || d.take() != "") {
			t.Errorf("%s: %v; want %q", c.hosts, err, c.want)
		}
	}
}

func TestSourceAddresses(t *testing.T) {
	seen := map[string]bool{}
	for i := range 600 {
		ip := sourceIP(i)
		if !ip.IsLoopback() || ip[15] == 0 || ip[15] == 255 || seen[ip.String()] {
			t.Fatalf("address %d is %v", i, ip)
		}
		seen[ip.String()] = true
	}
}
