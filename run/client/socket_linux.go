package client

import (
	"io"
	"net"
	"syscall"
)

// dropper drops data that arrives on a connection. On a TCP socket the kernel drops
// it without copying (tcp(7): MSG_TRUNC), in a third of the time of reading.
type dropper struct {
	conn  net.Conn
	raw   syscall.RawConn // nil = not a TCP socket
	once  func(fd uintptr) bool
	n     int64
	got   uintptr
	errno syscall.Errno
}

func (d *dropper) init(c net.Conn) {
	d.conn = c
	if t, ok := c.(*net.TCPConn); ok {
		d.raw, _ = t.SyscallConn()
	}
}

// drop drops up to n bytes; it waits for the first.
func (d *dropper) drop(n int64) (int64, error) {
	if d.raw == nil {
		return discard(d.conn, n)
	}
	if d.once == nil {
		d.once = d.receive
	}
	d.n, d.got, d.errno = min(n, 1<<30), 0, 0
	err := d.raw.Read(d.once)
	switch {
	case err != nil:
		return 0, err
	case d.errno != 0:
		return 0, d.errno
	case d.got == 0:
		return 0, io.EOF
	}
	return int64(d.got), nil
}

func (d *dropper) receive(fd uintptr) bool {
	for {
		d.got, _, d.errno = syscall.Syscall6(syscall.SYS_RECVFROM, fd, 0, uintptr(d.n), syscall.MSG_TRUNC, 0, 0)
		if d.errno != syscall.EINTR {
			return d.errno != syscall.EAGAIN
		}
	}
}

// ipBindAddressNoPort is IP_BIND_ADDRESS_NO_PORT of ip(7).
const ipBindAddressNoPort = 24

// prepare sets options of a socket before it connects. A bound socket must not take
// its port before the target is known, so that each target can use every port. For a
// paced socket the kernel must not buffer whole segments: with 5,000 players that
// would be gigabytes.
func prepare(bound, paced bool) func(_, _ string, c syscall.RawConn) error {
	if !bound && !paced {
		return nil
	}
	return func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { // it also works without them
			if bound {
				_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, ipBindAddressNoPort, 1)
			}
			if paced {
				_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 128<<10)
			}
		})
	}
}
