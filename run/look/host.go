package look

import (
	"fmt"
	"net/url"
	"strings"
)

// HostOf is the host of a URL: with its port, and with "http://" before it
// unless it is for TLS.
func HostOf(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Host == "" {
		return ""
	}
	if p.Scheme == "http" {
		return "http://" + p.Host
	}
	return p.Host
}

// Hostname is the name in what [HostOf] returns, without a dot at its end.
func Hostname(host string) string {
	host, _ = strings.CutPrefix(host, "http://")
	return Bare((&url.URL{Host: host}).Hostname())
}

// Bare is a name in the form in which names are compared.
func Bare(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Agent is the User-Agent of this program; by is the tester, "" = unnamed.
func Agent(version, by string) string {
	s := "hlsload/" + version
	if by != "" {
		s += " (+" + headerText(by) + ")"
	}
	return s
}

// headerText escapes all bytes that are not printable ASCII.
func headerText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
