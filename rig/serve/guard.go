package serve

import (
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Guard refuses what a page of another site may have sent. A browser lets any
// page send requests to loopback, and neither the control API nor the page of a run
// has a password.
//
// The host must be an address, localhost, or the own name that was given to
// listen at: a name of another site can be made to lead here (DNS rebinding),
// and its pages are then of the same origin. A body must be JSON: a page of
// another origin cannot send that without asking first, and is not answered.
func Guard(own string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !ourHost(req.Host, own) {
			refuse(w, http.StatusForbidden, fmt.Errorf("host %.80q is not accepted (want an IP address or localhost): its name may belong to another site", req.Host))
			return
		}
		if foreign(req) && !opensPage(req) {
			refuse(w, http.StatusForbidden, errors.New("this address answers programs and its own page; this request comes from a page of another site"))
			return
		}
		if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); req.Method == http.MethodPost && (err != nil || kind != "application/json") {
			refuse(w, http.StatusUnsupportedMediaType, fmt.Errorf("content type %.80q is not accepted (want application/json; with curl: --json)", req.Header.Get("Content-Type")))
			return
		}
		h.ServeHTTP(w, req)
	})
}

// ourHost reports whether a Host header cannot be the name of another site.
func ourHost(header, own string) bool {
	host := hostOf(header)
	_, err := netip.ParseAddr(host)
	return err == nil || strings.EqualFold(host, "localhost") || own != "" && strings.EqualFold(host, own)
}

// foreign reports whether a browser sent the request for a page of another
// origin. Programs send neither header.
func foreign(req *http.Request) bool {
	site, origin := req.Header.Get("Sec-Fetch-Site"), req.Header.Get("Origin")
	return site != "" && site != "same-origin" && site != "none" || origin != "" && origin != "http://"+req.Host
}

// opensPage reports whether a person follows a link to the page. That is no
// danger: the page opens in no frame, and a page that opened it cannot reach it.
func opensPage(req *http.Request) bool {
	return req.Method == http.MethodGet && req.URL.Path == "/" && req.Header.Get("Sec-Fetch-Dest") == "document"
}

// hostOf is an address without its port.
func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return strings.Trim(addr, "[]")
}
