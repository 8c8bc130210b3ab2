package serve

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"hlsload/rig"
)

// edgeLog writes what the edges answered, as CloudFront's standard logs (v2,
// w3c) have it: so what reads those can be tried on the rig.
type edgeLog struct {
	mu  sync.Mutex
	w   io.Writer
	b   []byte
	err error // the first of writing; nothing is written after it
}

// logFields are the columns.
const logFields = "timestamp(ms) x-edge-location sc-bytes cs-method x-host-header cs-uri-stem sc-status cs(User-Agent) cs-uri-query " +
	"x-edge-result-type x-edge-request-id time-taken x-edge-response-result-type time-to-first-byte x-edge-detailed-result-type origin-fbl cs-headers"

func newEdgeLog(w io.Writer) *edgeLog {
	if w == nil {
		return nil
	}
	l := &edgeLog{w: w}
	_, l.err = fmt.Fprintf(w, "#Version: 1.0\n#Fields: %s\n", logFields)
	return l
}

// answered writes a line. It is called when the answer has left, or its viewer
// has: then sent is false.
func (l *edgeLog) answered(req *http.Request, c *channel, f *rig.Flight, id string, began, first, now time.Time, sent bool) {
	if l == nil || f.Pop < 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	b, a := l.b[:0], &f.Answer
	cell := func(s string) {
		if s == "" {
			s = "-"
		}
		b = append(appendEscaped(b, s), '\t')
	}
	seconds := func(d time.Duration) {
		b = append(strconv.AppendFloat(b, max(d, 0).Seconds(), 'f', 3, 64), '\t')
	}
	b = append(strconv.AppendInt(b, now.UnixMilli(), 10), '\t')
	cell(c.pops[f.Pop])
	status, bytes, result, detailed := a.Status, a.Bytes, resultOf(a), ""
	detailed = result
	switch {
	case !sent:
		status, bytes, result, detailed = 0, 0, "Error", "ClientCommError"
	case a.Hit == rig.ShieldLayer:
		detailed = "OriginShieldHit"
	case result == "Error" && a.Upstream != rig.NoLayer:
		detailed = "OriginError"
	}
	b = append(strconv.AppendInt(b, bytes, 10), '\t')
	cell(req.Method)
	cell(req.Host)
	cell(req.URL.EscapedPath())
	b = append(fmt.Appendf(b, "%03d", status), '\t')
	cell(req.UserAgent())
	cell(req.URL.RawQuery)
	cell(result)
	cell(id)
	seconds(now.Sub(began))
	cell(result)
	seconds(first.Sub(began))
	cell(detailed)
	if a.Upstream != rig.NoLayer {
		seconds(a.FirstByte)
	} else {
		cell("")
	}
	var said strings.Builder
	for _, name := range []string{"CMCD-Object", "CMCD-Request", "CMCD-Status", "CMCD-Session"} {
		if v := req.Header.Get(name); v != "" {
			said.WriteString(name + ":" + v + "\n")
		}
	}
	cell(said.String())
	b[len(b)-1] = '\n'
	_, l.err = l.w.Write(b)
	l.b = b
}

// resultOf is x-edge-result-type. Those that wait for another viewer's request
// are logged as hits.
func resultOf(a *rig.Answer) string {
	if a.Collapsed && a.Status < 400 {
		return "Hit"
	}
	name, _, _ := strings.Cut(a.XCache.String(), " ")
	return name
}

// appendEscaped percent-encodes what CloudFront does: white space, controls,
// quotation marks and the sign itself.
func appendEscaped(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || c == '"' || c == '%':
			b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
