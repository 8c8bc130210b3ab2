package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/run/bus/embedded"
)

// processes skips tests of whole runs over processes of their own.
func processes(t *testing.T) {
	t.Helper()
	if !embedded.Full {
		t.Skip("the core build has no NATS server")
	}
	if testing.Short() {
		t.Skip("runs over real processes take some seconds")
	}
	if underRace {
		t.Skip("so many processes take minutes under the race detector; runs without it")
	}
}

// one is a test of several.
type one struct {
	name string
	do   func(*testing.T)
}

// beside runs tests beside one another, a few at a time, in their order. Most of the time they wait.
func beside(t *testing.T, atOnce int, tests []one) {
	var wait sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for _, o := range tests {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			t.Run(o.name, o.do)
		})
	}
	wait.Wait()
}

// process is a process that a test started. It is killed with the test.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err said
	done     chan struct{}
	ended    time.Time // once done
}

// launch starts the program with more variables of the environment.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "HLSLOAD_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(append(cmd.Env, "HLSLOAD_TEST_IS_THE_PROGRAM=1"), env...)
	return started(t, cmd)
}

func started(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.err
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
		p.ended = time.Now()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
	})
	return p
}

func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) all() string { return p.out.String() + p.err.String() }

// signal sends a signal, and returns when it did.
func (p *process) signal(s syscall.Signal) time.Time {
	p.t.Helper()
	at := time.Now()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Errorf("%v: %v: %s", s, err, p.all())
	}
	return at
}

// says waits until a process said something.
func (p *process) says(what string) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(p.err.String(), what); time.Sleep(5 * time.Millisecond) {
		if p.over() && !strings.Contains(p.err.String(), what) || time.Now().After(end) {
			p.t.Fatalf("it never says %q: %s", what, p.all())
		}
	}
}

// wait waits for the end of a process, and returns its exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		p.t.Fatalf("it does not end: %s", p.all())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) ends(code int) {
	p.t.Helper()
	if got := p.wait(); got != code {
		p.t.Errorf("%s: exit code %d, want %d: %s", p.cmd.Args[1], got, code, p.all())
	}
}

// crewed is a run over several processes.
type crewed struct {
	t         *testing.T
	dir       string
	env       []string // of all processes
	at        []string // arguments with which agents find the conductor; nil = its join string
	conductor *process
	agents    map[string]*process
}

// conducted starts the conductor of a scenario. DIR in arguments is the directory of the test.
func conducted(t *testing.T, scenario string, env []string, args ...string) *crewed {
	t.Helper()
	c := &crewed{t: t, dir: t.TempDir(), env: env, agents: map[string]*process{}}
	file := filepath.Join(c.dir, "fails.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nname: fails\n"+scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	c.conductor = launch(t, env, c.in(append([]string{"run", file, "--progress", "plain", "--out", "DIR/run"}, args...))...)
	return c
}

func (c *crewed) in(args []string) (with []string) {
	for _, a := range args {
		with = append(with, strings.ReplaceAll(a, "DIR/", c.dir+"/"))
	}
	return with
}

func (c *crewed) file(names ...string) string {
	return filepath.Join(append([]string{c.dir}, names...)...)
}

// join starts an agent, with more arguments.
func (c *crewed) join(name string, more ...string) *process {
	c.t.Helper()
	args, env := c.in(append([]string{"agent", "--name", name, "--progress", "none", "--out", "DIR/" + name}, more...)), c.env
	if c.at != nil {
		args = append(args, c.at...)
	} else {
		c.conductor.says("hlsload halt --join ")
		env = append([]string{joinVariable + "=" + joins.FindString(c.conductor.err.String())}, env...)
	}
	a := launch(c.t, env, args...)
	c.agents[name] = a
	return a
}

// halt is a command that ends the run.
func (c *crewed) halt() []string {
	return []string{"halt", "--join", joins.FindAllString(c.conductor.err.String(), 2)[1]}
}

// ends waits for the end of the conductor, and reads its report and its journal: nothing was
// left behind.
func (c *crewed) ends(code int) *reports.Summary {
	c.t.Helper()
	c.conductor.ends(code)
	lines, err := journal.Read(c.file("run", "journal.ndjson"))
	if left := journal.Left(lines); err != nil || len(left) > 0 {
		c.t.Errorf("journal: %v; left %v", err, left)
	}
	s, err := reports.Read(c.file("run"))
	if err != nil {
		c.t.Fatalf("%v: %s", err, c.conductor.all())
	}
	return s
}

// cpu is what all processes used so far.
func (c *crewed) cpu() (sum time.Duration) {
	for _, p := range append(slices.Collect(maps.Values(c.agents)), c.conductor) {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		_, rest, _ := strings.Cut(string(b), ") ") // after its name
		if f := strings.Fields(rest); len(f) > 12 {
			for _, ticks := range f[11:13] { // of 10 ms
				n, _ := strconv.Atoi(ticks)
				sum += time.Duration(n) * 10 * time.Millisecond
			}
		}
	}
	return sum
}

// agentIn is what a report says about an agent.
func agentIn(s *reports.Summary, name string) (a reports.AgentSummary) {
	for _, a = range s.Agents {
		if a.Name == name {
			return a
		}
	}
	return reports.AgentSummary{}
}

// kept are the files that an agent kept.
func (c *crewed) kept(name, kind string) []string {
	files, _ := filepath.Glob(c.file(name, kind+"-*"))
	return files
}

// request is one that the edges of the embedded channel saw.
type request struct {
	at  time.Time // when it came
	sid string    // of the viewer
}

var sids = regexp.MustCompile(`sid=%22([0-9a-f-]{36})`)

// requests reads an edge log.
func (c *crewed) requests(name string) (all []request) {
	c.t.Helper()
	f, err := os.Open(c.file(name))
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	var fields []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if names, ok := strings.CutPrefix(lines.Text(), "#Fields: "); ok {
			fields = strings.Fields(names)
			continue
		}
		row := map[string]string{}
		for i, cell := range strings.Split(lines.Text(), "\t") {
			if i < len(fields) {
				row[fields[i]] = cell
			}
		}
		ms, err := strconv.ParseInt(row["timestamp(ms)"], 10, 64)
		if err != nil {
			continue // a comment
		}
		took, err := strconv.ParseFloat(row["time-taken"], 64)
		if err != nil {
			c.t.Fatal(err)
		}
		r := request{at: time.UnixMilli(ms).Add(-time.Duration(took * float64(time.Second)))}
		if m := sids.FindStringSubmatch(row["cs-headers"]); m != nil {
			r.sid = m[1]
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		c.t.Fatalf("%d requests in the edge log: %v", len(all), err)
	}
	return all
}

// after is how long after an instant the last request came, and how many came after it.
func after(all []request, at time.Time) (last time.Duration, n int) {
	for _, r := range all {
		if d := r.at.Sub(at); d > 0 {
			last, n = max(last, d), n+1
		}
	}
	return last, n
}

// steadyPort is a port that the system does not give to outgoing connections, so that a server can
// come back to it.
func steadyPort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := fmt.Sprint(20_000 + mathrand.IntN(12_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// wire is a network between a conductor and agents that can go bad. What is held in a black hole
// comes out of it in the end, as TCP has it.
type wire struct {
	net.Listener
	server string
	done   sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed when up or down changes
	up, down bool          // nothing passes
	delay    time.Duration // of bytes to the server
	conns    map[*net.TCPConn]bool
	accepted int
	over     bool
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, server: server, changed: make(chan struct{}), conns: map[*net.TCPConn]bool{}}
	w.done.Go(w.accept)
	t.Cleanup(func() {
		l.Close()
		w.set(func() { w.over, w.up, w.down = true, false, false })
		w.reset()
		w.done.Wait()
	})
	return w
}

// set changes how the network is, and returns when it did.
func (w *wire) set(change func()) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	close(w.changed)
	w.changed = make(chan struct{})
	return time.Now()
}

// hole lets nothing pass, or all that was held.
func (w *wire) hole(on bool) time.Time { return w.set(func() { w.up, w.down = on, on }) }

// reset cuts all connections.
func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.SetLinger(0)
		c.Close()
	}
	clear(w.conns)
}

func (w *wire) accept() {
	for {
		in, err := w.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", w.server)
		if err != nil {
			in.Close()
			continue
		}
		a, b := in.(*net.TCPConn), out.(*net.TCPConn)
		w.mu.Lock()
		w.accepted++
		if w.over {
			a.Close()
			b.Close()
		} else {
			w.conns[a], w.conns[b] = true, true
		}
		w.mu.Unlock()
		w.done.Go(func() { w.pump(b, a, &w.up, &w.delay) })
		w.done.Go(func() { w.pump(a, b, &w.down, new(time.Duration)) })
	}
}

// pass waits until bytes pass.
func (w *wire) pass(held *bool) {
	for {
		w.mu.Lock()
		wait, changed := *held, w.changed
		w.mu.Unlock()
		if !wait {
			return
		}
		<-changed
	}
}

// pump carries bytes until one side closes.
func (w *wire) pump(to, from *net.TCPConn, held *bool, delay *time.Duration) {
	type chunk struct {
		data []byte
		due  time.Time
	}
	queue := make(chan chunk, 1024)
	w.done.Go(func() {
		defer to.Close()
		for c := range queue {
			time.Sleep(time.Until(c.due))
			w.pass(held)
			to.Write(c.data)
		}
		w.pass(held)
	})
	defer close(queue)
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		late := *delay
		w.mu.Unlock()
		queue <- chunk{append([]byte(nil), buf[:n]...), time.Now().Add(late)}
	}
}

// natsServer is the program nats-server, such as Debian's 2.9.10, with users and TLS.
type natsServer struct {
	t             *testing.T
	program, conf string
	port, ca, url string
	now           *process
}

func newNATSServer(t *testing.T) *natsServer {
	t.Helper()
	program, err := exec.LookPath("nats-server")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/nats-server")
	}
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal("no nats-server here (want the Debian package nats-server)")
	case err != nil:
		t.Skip("SKIPPED: runs over a NATS server of others were not tested: no nats-server here (want the Debian package nats-server)")
	}
	dir := t.TempDir()
	s := &natsServer{t: t, program: program, port: steadyPort(t), conf: filepath.Join(dir, "nats.conf"), ca: filepath.Join(dir, "ca.pem")}
	s.url = "tls://crew:s3cret@127.0.0.1:" + s.port
	certificate(t, dir)
	conf := fmt.Sprintf("listen: \"127.0.0.1:%s\"\ntls { cert_file: %q, key_file: %q }\nauthorization { user: crew, password: s3cret }\n", s.port, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err := os.WriteFile(s.conf, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

// start starts the server, again on the same port.
func (s *natsServer) start() {
	s.t.Helper()
	s.now = started(s.t, exec.Command(s.program, "-c", s.conf))
	s.now.says("Server is ready")
}

// kill ends it with all of its connections, and returns when it did.
func (s *natsServer) kill() time.Time {
	at := s.now.signal(syscall.SIGKILL)
	<-s.now.done
	return at
}

// env lets a process trust the server.
func (s *natsServer) env() []string { return []string{"SSL_CERT_FILE=" + s.ca} }

// certificate makes a CA, and the certificate of a server at 127.0.0.1 with its key.
func certificate(t *testing.T, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pair := func(template, by *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		if by == nil {
			by, signer = template, key
		}
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, signer)
		must(err)
		c, err := x509.ParseCertificate(der)
		must(err)
		return c, key
	}
	ca, signer := pair(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of a test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	own, key := pair(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "nats"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, ca, signer)
	der, err := x509.MarshalECPrivateKey(key)
	must(err)
	for name, b := range map[string]*pem.Block{"ca.pem": {Type: "CERTIFICATE", Bytes: ca.Raw}, "cert.pem": {Type: "CERTIFICATE", Bytes: own.Raw}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: der}} {
		must(os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600))
	}
}

// agentsOf are the agents that a process started.
func agentsOf(pid int) (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "stat"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ") // after its name
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(pid) && strings.Contains(string(line), "\x00agent\x00") {
			if n, err := strconv.Atoi(filepath.Base(dir)); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}
