//go:build !linux

package fleet

import "net"

// dropper drops what comes on a connection.
type dropper struct{ conn net.Conn }

func (d *dropper) init(c net.Conn) { d.conn = c }

// drop drops up to n bytes; it waits for the first.
func (d *dropper) drop(n int64) (int64, error) { return discard(d.conn, n) }
