package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time of this process, the benchmark's server included.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEngine fetches bodies over loopback; server and client share the
// process, so compare, do not quote.
func BenchmarkEngine(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		body := make([]byte, size)
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Cache: Hit from cloudfront\r\nX-Amz-Cf-Pop: AMS1-C1\r\nAge: 3\r\n\r\n", size)
		answer := append([]byte(head), body...)
		addr, _ := server(b, func(_ int, c net.Conn, br *bufio.Reader) {
			for {
				line, err := br.ReadSlice('\n')
				if err != nil {
					return
				}
				if len(line) > 2 { // not the end of a request
					continue
				}
				if _, err := c.Write(answer); err != nil {
					return
				}
			}
		})
		for name, e := range engines(1) {
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				b.ReportAllocs()
				before := cpu()
				for b.Loop() {
					var res Response
					if err := e.Send(context.Background(), &Request{Method: "GET", URL: "http://" + addr + "/x"}, &res); err != nil {
						b.Fatal(err)
					}
					for err := error(nil); err != io.EOF; {
						if _, err = res.Body.Discard(1 << 20); err != nil && err != io.EOF {
							b.Fatal(err)
						}
					}
					res.Body.Close()
				}
				b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
			})
			e.Close()
		}
	}
}
