//go:build !linux

package client

import (
	"net"
	"syscall"
)

// dropper drops data that arrives on a connection.
type dropper struct{ conn net.Conn }

func (d *dropper) init(c net.Conn) { d.conn = c }

// drop drops up to n bytes; it waits for the first.
func (d *dropper) drop(n int64) (int64, error) { return discard(d.conn, n) }

func prepare(bound, paced bool) func(_, _ string, _ syscall.RawConn) error { return nil }
