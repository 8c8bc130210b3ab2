package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	agreed "hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/player/profile"
	"hlsload/player/units"
	"hlsload/probe/visit"
	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
)

// probeTime bounds one request of a probe.
const probeTime = 15 * time.Second

func probeCommand(on network) *cobra.Command {
	var o probeOptions
	cmd := &cobra.Command{
		Use:   "probe URL [URL]",
		Short: "Examine a live stream: which players recognise its redundancy, how its pipelines differ, what each player will do",
		Long: `Examine a live stream with one request for each of its playlists:

  * which players recognise redundant variants as copies, and which mistake them for
    a ladder of twice the size;
  * whether the media of the pipelines is aligned, to the frame (from the first
    bytes of two or three segments of each variant);
  * what differs between the pipelines;
  * what each player is predicted to do when one of them fails.

Two URLs are the multivariant playlists of two pipelines.`,
		Args: takes("URL", "[URL]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			secrets := secretsOf(cmd.Context())
			fetch, err := o.open(ctx, on, secrets, args)
			if err != nil {
				return err
			}
			defer fetch.Close()
			out := &redactingWriter{w: printable{cmd.OutOrStdout()}, f: secrets.Text}
			bare := slices.Clone(args)
			for i := range bare {
				bare[i] = credential.Bare(bare[i])
			}
			return errors.Join(probeStream(ctx, fetch, out, o.json, bare...), internal(out.Close()))
		},
	}
	o.register(cmd)
	return cmd
}

// probeStream probes a stream and prints the report.
func probeStream(ctx context.Context, fetch *look.Fetcher, out io.Writer, asJSON bool, urls ...string) error {
	r, err := visit.Stream(ctx, fetch, profile.All(), urls...)
	switch bad := (*look.BadURL)(nil); {
	case errors.As(err, &bad):
		return &exitError{code: exitUsage, msg: bad.Error()}
	case errors.As(err, new(*agreed.NotDialled)):
		return forbidden(err)
	case err != nil:
		return &exitError{reports.ExitUnreachable, err.Error(), err}
	}
	if err := r.Write(out, asJSON); err != nil {
		return internal(err)
	}
	if bad, of := r.Unwatchable(); bad > 0 {
		return &exitError{code: reports.ExitUnreachable, msg: fmt.Sprintf("%d of %d media playlists cannot be played", bad, of)}
	}
	return nil
}

// probeOptions are the flags of probe, which correspond to the target of a scenario.
type probeOptions struct {
	headers    []string // name: value
	headersFor []string // hosts
	hosts      []string // as authorized.hosts
	caFile     string
	skipVerify bool
	playlist   string // size limit
	json       bool
}

func (o *probeOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.headers, "header", nil, "`name: value` to send to the hosts of the URLs, ${NAME} from the environment; repeatable")
	f.StringSliceVar(&o.headersFor, "headers-for", nil, "other `HOSTS` to send the headers to, such as *.cdn.example.com; with commas, or repeatable")
	f.StringSliceVar(&o.hosts, "authorized-hosts", nil, "`HOSTS` that may have private addresses although the stream is public; with commas, or repeatable")
	f.StringVar(&o.caFile, "ca-file", "", "PEM `FILE` of certificate authorities to trust, in addition to the system's")
	f.BoolVar(&o.skipVerify, "insecure-skip-verify", false, "do not check certificates at local addresses")
	f.StringVar(&o.playlist, "playlist-limit", "", "largest `SIZE` of a playlist to accept, such as 64MB (limits.playlist of a scenario; default 16 MiB)")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
}

// open returns a fetcher for the URLs, and adds their secrets to secrets.
func (o *probeOptions) open(ctx context.Context, on network, secrets *redact.Secrets, urls []string) (*look.Fetcher, error) {
	var headers []credential.Header
	for _, line := range o.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, &exitError{code: exitUsage, msg: "bad --header (got no colon; want name: value)"}
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
		if most, ok = units.ParseBytes(o.playlist); !ok || most < scenarios.LeastPlaylist || most > scenarios.MostPlaylist {
			return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("bad --playlist-limit (got %q; want 100kB to 256MB)", o.playlist)}
		}
	}
	gate, err := on.web.Gate(ctx, urls, o.hosts)
	if err != nil {
		return nil, forbidden(err)
	}
	return look.New(look.Config{
		On: on.web, Gate: gate, TLS: look.Certificates(ca, o.skipVerify), Timeout: probeTime, Playlist: most, Agent: look.Agent(ownVersion(), ""), Credentials: credential.New(urls, headers, o.headersFor),
		SetCookie: func(line string) { secrets.AddHeader("Set-Cookie", line) },
	}), nil
}
