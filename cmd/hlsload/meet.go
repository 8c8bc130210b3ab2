package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/run/bus/natsbus"
	"hlsload/scenarios/redact"
)

// Variables that have a join string.
const (
	joinVariable = "HLSLOAD_JOIN"
	haltVariable = "HLSLOAD_HALT"
)

// meeting says where a conductor is: what its join string says, or on a NATS cluster.
type meeting struct {
	role       natsbus.Role
	variable   string // of the environment, for a join string
	join, file string
	cluster    cluster
	run        string
}

func (m *meeting) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.join, "join", "", "join `STRING` that the conductor printed, a secret; all users of this machine can see it in the list of processes, unlike that of --join-file and "+m.variable)
	f.StringVar(&m.file, "join-file", "", "`FILE` with the join string")
	f.StringVar(&m.run, "run", "", "`NAME` of the run, with --nats")
	m.cluster.register(cmd)
}

// connecting makes a connection to the bus of a run.
type connecting func(context.Context, natsbus.Options) (*natsbus.Bus, error)

// find is the run that is meant, and how to connect to its bus.
func (m *meeting) find(cmd *cobra.Command) (name string, to connecting, err error) {
	given := 0
	for _, s := range []string{m.join, m.file, m.cluster.url} {
		if s != "" {
			given++
		}
	}
	text := m.join
	switch {
	case given > 1:
		return "", nil, misused("%s: two ways to the run (want one of --join, --join-file and --nats)", cmd.Name())
	case m.cluster.url != "":
		return m.onCluster(cmd)
	case m.run != "":
		return "", nil, misused("--run: a join string names its run (want --run with --nats only)")
	case m.file != "":
		data, err := readSmall(m.file)
		if err != nil {
			return "", nil, forbidden(fmt.Errorf("reading the join string: %w", err))
		}
		text = string(data)
	case given == 0:
		if text = os.Getenv(m.variable); text == "" {
			return "", nil, misused("%s: no run given (want --join STRING, --join-file FILE, the variable %s, or --nats URL --run NAME)", cmd.Name(), m.variable)
		}
	}
	if err := m.cluster.unused("a join string"); err != nil {
		return "", nil, err
	}
	hideJoin(secretsOf(cmd.Context()), text)
	j, err := natsbus.ParseJoin(text)
	if err != nil {
		return "", nil, forbidden(err)
	}
	if j.Role != m.role {
		return "", nil, forbidden(fmt.Errorf("join string %s: is for hlsload %s (want that for hlsload %s)", j, j.Role, m.role))
	}
	return j.Run, func(ctx context.Context, o natsbus.Options) (*natsbus.Bus, error) { return natsbus.Dial(ctx, j, o) }, nil
}

func (m *meeting) onCluster(cmd *cobra.Command) (string, connecting, error) {
	if m.run == "" {
		return "", nil, misused("--nats: no run given (want --run NAME, too, as the conductor prints it)")
	}
	if err := natsbus.CheckRun(m.run); err != nil {
		return "", nil, misused("--run: %v", err)
	}
	c, err := m.cluster.read(secretsOf(cmd.Context()))
	if err != nil {
		return "", nil, err
	}
	return m.run, func(ctx context.Context, o natsbus.Options) (*natsbus.Bus, error) {
		return natsbus.Attach(ctx, *c, m.role, m.run, o)
	}, nil
}

// cluster is a NATS cluster that exists, as flags say.
type cluster struct{ url, creds, prefix string }

func (c *cluster) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.url, "nats", "", "`URL` of a NATS cluster that exists: nats://HOST:PORT or tls://HOST:PORT, several with commas")
	f.StringVar(&c.creds, "creds", "", "`FILE` with the credentials for --nats")
	f.StringVar(&c.prefix, "nats-prefix", "", "`WORDS` with dots before all subjects on --nats, such as team.video")
}

// unused returns an error if a flag says more about a cluster than what is used.
func (c *cluster) unused(instead string) error {
	for _, f := range [][2]string{{"creds", c.creds}, {"nats-prefix", c.prefix}} {
		if f[1] != "" {
			return misused("--%s: is for a NATS cluster (got %s; want --nats URL, too)", f[0], instead)
		}
	}
	return nil
}

// read checks what the flags say.
func (c *cluster) read(secrets *redact.Secrets) (*natsbus.Cluster, error) {
	for u := range strings.SplitSeq(c.url, ",") {
		secrets.AddURL(strings.TrimSpace(u))
	}
	at := &natsbus.Cluster{URL: c.url, Prefix: c.prefix}
	if c.creds != "" {
		var err error
		if at.Creds, err = readSmall(c.creds); err != nil {
			return nil, forbidden(fmt.Errorf("reading the credentials: %w", err))
		}
	}
	if err := at.Check(); err != nil {
		return nil, forbidden(fmt.Errorf("--nats: %w", err))
	}
	return at, nil
}

// flags are those that name the cluster, for a command that can be pasted.
func (c *cluster) flags(secrets *redact.Secrets) string {
	s := " --nats " + secrets.Text(c.url)
	if c.creds != "" {
		s += " --creds FILE"
	}
	if c.prefix != "" {
		s += " --nats-prefix " + c.prefix
	}
	return s
}

// readSmall reads a file of keys. More than that is never kept in memory.
func readSmall(name string) ([]byte, error) {
	const most = 64 << 10
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(data) > most {
		err = fmt.Errorf("%s has more than %d bytes (want a file of keys)", name, most)
	}
	return data, err
}

// hideJoins keeps the join strings of arguments and of the environment out of messages,
// damaged ones as well.
func hideJoins(s *redact.Secrets, args []string) {
	for _, text := range append([]string{os.Getenv(joinVariable), os.Getenv(haltVariable)}, args...) {
		hideJoin(s, text)
	}
}

func hideJoin(s *redact.Secrets, text string) {
	const begin, short = "hl1.", 8
	for word := range strings.FieldsSeq(text) {
		if i := strings.Index(word, begin); i >= 0 && len(word) > i+short {
			s.Add(word[i:], begin+"…")
		}
	}
}

// patiently connects as soon as there is a server, for so long. An agent may start before its
// conductor.
func patiently(ctx context.Context, wait time.Duration, say io.Writer, connect func(context.Context) (*natsbus.Bus, error)) (*natsbus.Bus, error) {
	const pause = time.Second
	last, end := "", time.Now().Add(wait)
	for {
		b, err := connect(ctx)
		switch {
		case err == nil:
			return b, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, natsbus.ErrRefused), errors.Is(err, natsbus.ErrDenied):
			return nil, forbidden(err)
		case time.Until(end) < pause:
			return nil, &exitError{reports.ExitLost, fmt.Sprintf("%v (waited %v; want a conductor that runs, or a longer --wait)", err, wait), err}
		}
		if last != err.Error() {
			last = err.Error()
			fmt.Fprintf(say, "%s; trying again for %v\n", last, cmp.Or(time.Until(end).Round(time.Second), time.Second))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
