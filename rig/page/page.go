// Package page is the web page of a rig: hls.js plays the channel, and buttons
// start and stop faults by the control API, at whose address the page is.
//
// hls.js is embedded as its package in the npm registry has it (hls.LICENSE), so
// that the page works without a network. The light build would do for muxed
// channels only: it has no audio renditions.
package page

import (
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/chaos"
)

// Channel is what a page shows.
type Channel struct {
	URLs []string // multivariant playlist of each pipeline
	// Decode reads a fault as the control API does; nil = no faults can be started.
	Decode func([]byte) (chaos.Fault, error)
	Now    func() time.Duration // the rig's clock
}

var (
	//go:embed watch.html
	watchHTML string
	//go:embed watch.js
	watchJS []byte
	//go:embed watch.css
	watchCSS []byte
	//go:embed hls.min.js
	hlsJS []byte
	//go:embed hls.LICENSE
	hlsLicense []byte
)

// data is what the script needs.
type data struct {
	URLs     []string `json:"urls"`
	NowS     float64  `json:"now_s"` // of the rig's clock when the page was made
	Families []family `json:"families"`
}

// Handler serves the page at / and its files beside it.
func Handler(c Channel) http.Handler {
	families := offered(c)
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, req *http.Request) {
		d := data{URLs: reachable(c.URLs, req.Host), NowS: c.Now().Seconds(), Families: families}
		script, err := json.Marshal(d) // escapes <, > and &
		if err != nil {
			http.Error(w, "make the page: "+err.Error(), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy(d.URLs))
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		send(w, "text/html; charset=utf-8", []byte(strings.Replace(watchHTML, "DATA", string(script), 1)))
	})
	for name, file := range map[string]struct {
		kind string
		body []byte
	}{
		"watch.js":    {"text/javascript; charset=utf-8", watchJS},
		"watch.css":   {"text/css; charset=utf-8", watchCSS},
		"hls.min.js":  {"text/javascript; charset=utf-8", hlsJS},
		"hls.LICENSE": {"text/plain; charset=utf-8", hlsLicense},
	} {
		m.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) { send(w, file.kind, file.body) })
	}
	return m
}

func send(w http.ResponseWriter, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	w.Write(body) // a browser that is gone needs no answer
}

// policy is the content security policy: files of this address, media of the
// channel, and no frame around the page, in which another site could make a
// person press its buttons.
func policy(urls []string) string {
	connect := []string{"'self'"}
	for _, u := range urls {
		if parsed, err := url.Parse(u); err == nil && !slices.Contains(connect, "http://"+parsed.Host) {
			connect = append(connect, "http://"+parsed.Host)
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src blob:; connect-src " + strings.Join(connect, " ") +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// reachable are the URLs as a browser reaches them: where edges listen on all
// addresses of the machine, the one by which the page was asked for.
func reachable(urls []string, host string) []string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	var out []string
	for _, u := range urls {
		parsed, err := url.Parse(u)
		if err != nil {
			continue
		}
		if ip, err := netip.ParseAddr(parsed.Hostname()); err == nil && ip.IsUnspecified() {
			parsed.Host = net.JoinHostPort(strings.Trim(host, "[]"), parsed.Port())
		}
		out = append(out, parsed.String())
	}
	return out
}
