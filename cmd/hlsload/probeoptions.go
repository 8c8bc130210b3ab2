package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	agreed "hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
)

// probeOptions are the flags of probe: what the target of a scenario has.
type probeOptions struct {
	headers    []string // name: value
	headersFor []string // hosts
	hosts      []string // as authorized.hosts
	caFile     string
	skipVerify bool
	playlist   string // the most bytes of one
	json       bool
}

func (o *probeOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.headers, "header", nil, "name: value to send to the hosts of the URLs, ${NAME} from the environment; repeatable")
	f.StringSliceVar(&o.headersFor, "headers-for", nil, "hosts that the headers are also for, such as *.cdn.example.com")
	f.StringSliceVar(&o.hosts, "authorized-hosts", nil, "hosts that may have private addresses though the stream is public")
	f.StringVar(&o.caFile, "ca-file", "", "PEM file with certificates of who may sign the target's, beside those that the system trusts")
	f.BoolVar(&o.skipVerify, "insecure-skip-verify", false, "do not check certificates at local addresses")
	f.StringVar(&o.playlist, "playlist-limit", "", "the most bytes of one playlist, such as 64MB (limits.playlist of a scenario; 16 MiB unless given)")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
}

// open returns what looks at the URLs. The secrets are told what must not be
// shown.
func (o *probeOptions) open(ctx context.Context, on network, secrets *redact.Secrets, urls []string) (*look.Fetcher, error) {
	var headers []credential.Header
	for _, line := range o.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, &exitError{code: exitUsage, msg: "bad --header (it has no colon; want name: value)"}
		}
		value, err := scenarios.ExpandEnv(value, os.LookupEnv)
		h := credential.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
		if err == nil {
			err = credential.Check(h.Name, h.Value)
		}
		if err != nil {
			return nil, &exitError{code: exitUsage, msg: "bad --header: " + err.Error()}
		}
		headers = append(headers, h)
		secrets.AddHeader(h.Name, h.Value)
	}
	for _, u := range urls {
		secrets.AddURL(u)
	}
	for _, hosts := range [][]string{o.headersFor, o.hosts} {
		for _, h := range hosts {
			if !agreed.ValidPattern(h) {
				return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("not a host name (got %q; want one such as segments.example.com, or *.cdn.example.com)", h)}
			}
		}
	}
	var ca []byte
	if o.caFile != "" {
		var err error
		if ca, err = os.ReadFile(o.caFile); err == nil {
			err = scenarios.CheckCertificates(ca)
		}
		if err != nil {
			return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("bad --ca-file %s: %v", o.caFile, err)}
		}
	}
	var most int64
	if o.playlist != "" {
		var ok bool
		if most, ok = scenarios.ParseBytes(o.playlist); !ok || most < scenarios.LeastPlaylist || most > scenarios.MostPlaylist {
			return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("bad --playlist-limit (got %q; want 100kB to 256MB)", o.playlist)}
		}
	}
	gate, err := on.web.Gate(ctx, urls, o.hosts)
	if err != nil {
		return nil, closed(err)
	}
	return look.New(look.Config{
		On: on.web, Gate: gate, TLS: look.Certificates(ca, o.skipVerify), Timeout: probeTime, Playlist: most, Agent: agent(""), Credentials: credential.New(urls, headers, o.headersFor),
		SetCookie: func(line string) { secrets.AddHeader("Set-Cookie", line) },
	}), nil
}
