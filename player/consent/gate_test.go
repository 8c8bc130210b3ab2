package consent

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestInner(t *testing.T) {
	for a, want := range map[string]bool{
		"127.0.0.1": true, "10.0.0.1": true, "100.64.0.1": true, "169.254.169.254": true, "::1": true, "::": true, "fe80::1%eth0": true, "fd00::1": true,
		"0.1.2.3": true, "192.0.0.8": true, "198.18.0.1": true, "255.255.255.255": true, "fec0::1": true, "168.63.129.16": true,
		// Addresses that stand for an IPv4 address.
		"::ffff:10.0.0.1": true, "64:ff9b::10.0.0.1": true, "64:ff9b::7f00:1": true, "64:ff9b:1::1": true, "2002:a00:1::": true, "2002:7f00:1::1": true,
		"2001:0:1:2:3:4:f5ff:fffe": true, "::10.0.0.1": true, "64:ff9b::a9fe:a9fe": true,
		"::ffff:8.8.8.8": false, "64:ff9b::8.8.8.8": false, "2002:808:808::": false, "2001:0:1:2:3:4:f7f7:f7f7": false, "::8.8.8.8": false,
		"8.8.8.8": false, "203.0.113.9": false, "2600:9000::1": false, "100.128.0.1": false, "fd": false,
	} {
		addr, err := netip.ParseAddr(a)
		if err != nil {
			addr = netip.Addr{}
		}
		if addr.IsValid() && Inner(addr) != want {
			t.Errorf("%s: inner %v, want %v", a, !want, want)
		}
	}
	if Inner(netip.Addr{}) {
		t.Error("no address is inner")
	}
}

func TestGate(t *testing.T) {
	const refused, rebound, both, secret = "the target is public", "was at a public one before", "at a public one as well", "keep their credentials"
	for _, c := range []struct {
		name  string
		own   string
		named string
		asks  []string // "host address… -> what is said", one after the other
	}{
		{"a public stream leads inside", "a.example", "", []string{"a.example 203.0.113.9 ->", "b.example 203.0.113.9 ->", "b.example 10.0.0.1 -> " + refused, "127.0.0.1 127.0.0.1 -> " + refused,
			"::1 ::1 -> " + refused, "b.example 203.0.113.9 10.0.0.1 -> " + refused, "b.example 64:ff9b::a00:1 -> " + refused, "b.example ::ffff:192.168.0.1 -> " + refused,
			"b.example 2002:a00:1:: -> " + refused, "localhost 127.0.0.1 -> " + refused, "0x7f.1 127.0.0.1 -> " + refused, "b.example 0.0.0.0 -> " + refused}},
		{"named", "a.example", "b.example *.c.example 10.0.0.7", []string{"a.example 203.0.113.9 ->", "B.example. 10.0.0.1 ->", "x.c.example 10.0.0.1 ->", "10.0.0.7 10.0.0.7 ->",
			"10.0.0.8 10.0.0.8 -> " + refused, "b.example 169.254.169.254 -> " + secret}},
		{"named, and rebinding inwards", "a.example", "b.example *.c.example", []string{"a.example 203.0.113.9 ->", "b.example 203.0.113.9 ->", "B.example. 10.0.0.1 -> " + rebound,
			"b.example 203.0.113.9 127.0.0.1 -> " + rebound, "x.c.example 203.0.113.9 ->", "x.c.example 10.0.0.1 -> " + rebound, "y.c.example 10.0.0.1 203.0.113.9 ->", "y.c.example 10.0.0.1 ->"}},
		{"the target itself, named, and rebinding inwards", "a.example", "a.example", []string{"a.example 203.0.113.9 ->", "a.example 10.0.0.1 -> " + rebound}},
		{"named, and inside as a whole", "a.example", "b.example", []string{"a.example 10.0.0.1 ->", "b.example 203.0.113.9 ->", "b.example 10.0.0.1 ->"}},
		{"inside as a whole", "a.example", "", []string{"a.example 10.0.0.1 ->", "b.example 10.0.0.2 ->", "127.0.0.1 127.0.0.1 ->", "b.example 203.0.113.9 ->", "b.example 10.0.0.2 ->"}},
		{"rebinding inwards", "a.example", "", []string{"a.example 203.0.113.9 ->", "a.example 203.0.113.10 ->", "a.example 10.0.0.1 -> " + rebound, "A.Example. 127.0.0.1 -> " + rebound,
			"a.example 203.0.113.9 64:ff9b::a00:1 -> " + rebound}},
		{"rebinding outwards", "a.example", "", []string{"a.example 10.0.0.1 ->", "b.example 10.0.0.2 ->", "a.example 203.0.113.9 ->", "a.example 10.0.0.1 -> " + rebound, "b.example 10.0.0.2 -> " + refused}},
		{"both at once", "a.example", "", []string{"a.example 10.0.0.1 203.0.113.9 -> " + both}},
		{"both at once, named", "a.example", "a.example", []string{"a.example 10.0.0.1 203.0.113.9 ->", "a.example 10.0.0.1 ->"}},
		{"one host inside, one outside", "a.example b.example", "", []string{"a.example 10.0.0.1 ->", "b.example 203.0.113.9 ->", "a.example 10.0.0.1 ->", "c.example 10.0.0.1 -> " + refused}},
		{"credentials of the machine", "a.example", "*.example 169.254.169.254", []string{"a.example 10.0.0.1 ->", "a.example 169.254.169.254 -> " + secret, "169.254.169.254 169.254.169.254 -> " + secret,
			"x.example fd00:ec2::254 -> " + secret, "x.example fe80::1%eth0 -> " + secret, "x.example 64:ff9b::a9fe:a9fe -> " + secret, "x.example 168.63.129.16 -> " + secret,
			"x.example ::ffff:169.254.170.2 -> " + secret}},
		{"written out", "169.254.7.7 [fe80::1%25eth0]", "", []string{"169.254.7.7 169.254.7.7 ->", "169.254.7.8 169.254.7.8 -> " + secret}},
		{"written out for IPv6", "fe80::1%eth0", "", []string{"fe80::1%eth0 fe80::1%eth0 ->", "fe80::2%eth0 fe80::2%eth0 -> " + secret}},
		{"an address outside, written out", "203.0.113.9", "", []string{"10.0.0.1 10.0.0.1 ->", "203.0.113.9 203.0.113.9 ->", "10.0.0.1 10.0.0.1 -> " + refused}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewGate(strings.Fields(c.own), strings.Fields(c.named))
			for _, ask := range c.asks {
				question, want, _ := strings.Cut(ask, " ->")
				words := strings.Fields(question)
				var addrs []netip.Addr
				for _, a := range words[1:] {
					addrs = append(addrs, netip.MustParseAddr(a))
				}
				err := g.Check(words[0], addrs)
				if want = strings.TrimSpace(want); want == "" && err != nil || want != "" && !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("%s: %v; want %q", question, err, want)
				}
				if e := (*NotDialled)(nil); err != nil && (!errors.As(err, &e) || !strings.Contains(err.Error(), "not dialled: "+words[0]+" is at ") || e.Want == "") {
					t.Errorf("%s: %v", question, err)
				}
			}
		})
	}
	g := NewGate([]string{"a.example"}, nil)
	for _, c := range []struct {
		host, addr, told string
		ok               bool
	}{{"a.example", "10.0.0.1", "a.example", true}, {"b.example", "203.0.113.9", "", true}, {"c.example", "10.0.0.2", "c.example", true}, {"c.example", "10.0.0.2", "B.example.", true},
		{"c.example", "10.0.0.2", "", false}, {"a.example", "10.0.0.1", "", true}} {
		if err := g.Check(c.host, []netip.Addr{netip.MustParseAddr(c.addr)}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
		g.Told(c.told)
	}
	if err := NewGate([]string{"a.example"}, nil).Check("b.example", []netip.Addr{{}}); err != nil {
		t.Errorf("a network of its own: %v", err)
	}
}

// FuzzInner: no way of writing an IPv4 address leads around what it is.
func FuzzInner(f *testing.F) {
	f.Add(uint32(0x7f000001))
	f.Fuzz(func(t *testing.T, v uint32) {
		b := [4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
		a := netip.AddrFrom4(b)
		for _, text := range []string{"::ffff:%s", "64:ff9b::%s", fmt.Sprintf("2002:%02x%02x:%02x%02x::", b[0], b[1], b[2], b[3])} {
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, a)
			}
			if as := netip.MustParseAddr(text); Inner(as) != Inner(a) || keepsCredentials(as) != keepsCredentials(a) {
				t.Errorf("%s is inner %v, %s is %v", a, Inner(a), as, Inner(as))
			}
		}
	})
}
