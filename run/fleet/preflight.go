package fleet

import (
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"

	"hlsload/run/client"
)

// Check is the result of [Preflight].
type Check struct {
	Fits    int      // players that fit on this machine
	Sources int      // loopback addresses to connect from, for [Config.Sources]; 0 = the system's choice
	Advice  []string // what to change so that more players fit
}

// Err is nil when all players fit.
func (c *Check) Err(players int) error {
	if c.Fits >= players {
		return nil
	}
	return fmt.Errorf("%d players do not fit this machine (want at most %d); %s", players, c.Fits, strings.Join(c.Advice, "; "))
}

const (
	connsPerPlayer = 2        // a playlist and a segment at a time; demuxed audio briefly needs twice as many
	filesReserved  = 256      // for everything else
	memoryPlayer   = 60 << 10 // bytes, with connections and histograms
	memoryPlain    = 64 << 20 // bytes of the program itself
	memoryTLS      = 90 << 10 // bytes that TLS adds to a connection
)

// room is the resources of a machine; see machine.
type room struct {
	files     int64 // descriptors that this process may open, after raising the limit
	ports     int64 // ephemeral ports of one address
	memory    int64 // bytes available; 0 = unknown
	manyLocal bool  // all of 127.0.0.0/8 is local
}

// Preflight raises the limit of open files as far as allowed, and returns how many
// players of the targets fit on this machine.
func Preflight(players int, targets []string) Check { return check(machine(), players, targets) }

func check(m room, players int, targets []string) Check {
	c := Check{Fits: players}
	fewer := func(fits int64, format string, args ...any) {
		c.Fits = min(c.Fits, int(max(0, fits)))
		c.Advice = append(c.Advice, fmt.Sprintf(format, args...))
	}
	want := int64(players)
	if fits := (m.files - filesReserved) / connsPerPlayer; fits < want {
		fewer(fits, "open files: %d are allowed, %d are needed (ulimit -n %d)", m.files, want*connsPerPlayer+filesReserved, want*connsPerPlayer+filesReserved)
	}
	conns := want * connsPerPlayer
	hosts, local, secure := hostsOf(targets)
	// Each remote address can use every port. A fifth is left to connections in
	// TIME_WAIT.
	usable := max(1, m.ports*4/5) * int64(max(1, hosts))
	switch {
	case conns <= usable:
	case local && m.manyLocal:
		c.Sources = int(min(client.MaxSources, (conns+usable-1)/usable))
		if fits := usable * int64(c.Sources) / connsPerPlayer; fits < want {
			fewer(fits, "ports: %d from %d addresses of 127.0.0.0/8 (sysctl net.ipv4.ip_local_port_range='1024 65535')", m.ports, c.Sources)
		}
	default:
		fewer(usable/connsPerPlayer, "ports: %d for each address of the target (sysctl net.ipv4.ip_local_port_range='1024 65535'), or several machines", m.ports)
	}
	each := int64(memoryPlayer)
	if secure {
		each += memoryTLS
	}
	if fits := (m.memory - memoryPlain) / each; m.memory > 0 && fits < want {
		fewer(fits, "memory: %d MiB are free, about %d MiB are needed", m.memory>>20, (want*each+memoryPlain)>>20)
	}
	return c
}

// hostsOf returns the number of different hosts, and reports whether all of them are
// on loopback, and whether any uses TLS.
func hostsOf(targets []string) (hosts int, local, secure bool) {
	seen := map[string]bool{}
	local = len(targets) > 0
	for _, t := range targets {
		u, err := url.Parse(t)
		if err != nil {
			continue
		}
		seen[u.Host] = true
		secure = secure || u.Scheme == "https"
		ip := net.ParseIP(u.Hostname())
		if u.Hostname() == "localhost" {
			ip = net.IPv4(127, 0, 0, 1)
		}
		local = local && ip != nil && ip.To4() != nil && ip.IsLoopback()
	}
	return len(seen), local, secure
}

// linuxLocal reports whether all of 127.0.0.0/8 is local without set-up.
const linuxLocal = runtime.GOOS == "linux"
