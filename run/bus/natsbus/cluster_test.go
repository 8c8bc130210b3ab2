package natsbus_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"hlsload/run/bus"
	"hlsload/run/bus/natsbus"
)

// clusters are servers that are not ours: each starts one with a configuration file and returns its URL.
var clusters = map[string]func(t *testing.T, config string) string{
	"the module's server": func(t *testing.T, config string) string {
		o, err := server.ProcessConfigFile(config)
		if err != nil {
			t.Fatal(err)
		}
		o.NoLog, o.NoSigs = true, true
		s, err := server.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(patience) {
			t.Fatal("not ready")
		}
		return s.ClientURL()
	},
	"the nats-server of the system": systemServer,
}

// systemServer starts the program nats-server, such as Debian's 2.9.10.
func systemServer(t *testing.T, config string) string {
	program, err := exec.LookPath("nats-server")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nats-server"); err != nil {
			t.Skip("SKIPPED: no nats-server here (want the Debian package nats-server)")
		}
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "-c", config, "--ports_file_dir", dir)
	var out strings.Builder
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if names, _ := filepath.Glob(filepath.Join(dir, "*.ports")); len(names) == 1 {
			b, _ := os.ReadFile(names[0])
			var ports struct{ Nats []string }
			if json.Unmarshal(b, &ports) == nil && len(ports.Nats) > 0 {
				return ports.Nats[0]
			}
		}
		if time.Now().After(end) {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatalf("not ready: %s", &out)
		}
	}
}

func configFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(name, []byte("listen: 127.0.0.1:-1\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestClusterThatExists(t *testing.T) {
	for name, start := range clusters {
		t.Run(name, func(t *testing.T) {
			url := start(t, configFile(t, ""))
			n := 0
			conformance(t, func(t *testing.T) func() *natsbus.Bus {
				n++
				c := natsbus.Cluster{URL: url, Prefix: fmt.Sprint("team.", n)}
				return func() *natsbus.Bus {
					return connected(t)(natsbus.Attach(t.Context(), c, natsbus.Conductor, "run", natsbus.Options{Name: t.Name()}))
				}
			})
		})
	}
}

// account makes an operator with one account, the configuration of a server for them, and
// credentials for each role: with the permissions that the package documents.
func account(t *testing.T, prefix string) (config string, creds map[natsbus.Role][]byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pair := func(make func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		k, err := make()
		must(err)
		public, err := k.PublicKey()
		must(err)
		return k, public
	}
	operator, operatorKey := pair(nkeys.CreateOperator)
	owner, ownerKey := pair(nkeys.CreateAccount)
	operatorJWT, err := jwt.NewOperatorClaims(operatorKey).Encode(operator)
	must(err)
	accountJWT, err := jwt.NewAccountClaims(ownerKey).Encode(operator)
	must(err)
	creds = map[natsbus.Role][]byte{}
	for _, role := range []natsbus.Role{natsbus.Conductor, natsbus.Agent, natsbus.Halt} {
		user, userKey := pair(nkeys.CreateUser)
		claims := jwt.NewUserClaims(userKey)
		publish, subscribe := natsbus.Permissions(role, "*", "*")
		for i := range publish {
			claims.Pub.Allow.Add(prefix + publish[i])
		}
		for i := range subscribe {
			claims.Sub.Allow.Add(prefix + subscribe[i])
		}
		if len(subscribe) == 0 {
			claims.Sub.Deny.Add(">")
		}
		token, err := claims.Encode(owner)
		must(err)
		seed, err := user.Seed()
		must(err)
		creds[role], err = jwt.FormatUserConfig(token, seed)
		must(err)
	}
	return fmt.Sprintf("operator: %s\nresolver: MEMORY\nresolver_preload: { %s: %s }\n", operatorJWT, ownerKey, accountJWT), creds
}

func TestClusterWithCredentials(t *testing.T) {
	for name, start := range clusters {
		t.Run(name, func(t *testing.T) {
			config, creds := account(t, "team.video.")
			cluster := natsbus.Cluster{URL: start(t, configFile(t, config)), Prefix: "team.video"}
			attach := func(role natsbus.Role, o natsbus.Options) *natsbus.Bus {
				c := cluster
				c.Creds = creds[role]
				return connected(t)(natsbus.Attach(t.Context(), c, role, "night-7", o))
			}
			c, heard := attach(natsbus.Conductor, natsbus.Options{}), make(chan string, 10)
			if _, err := c.Subscribe("hl.night-7.>", func(m *bus.Message) {
				heard <- m.Subject
				m.Reply([]byte("welcome"))
			}); err != nil {
				t.Fatal(err)
			}
			flush(t, c)
			warned := make(chan string, 10)
			a := attach(natsbus.Agent, natsbus.Options{Warn: func(line string) { warned <- line }})
			own := "hl.night-7.a." + a.ID()
			halts := make(chan string, 1)
			for pattern, handle := range map[string]func(*bus.Message){
				"hl.night-7.halt": func(m *bus.Message) { halts <- string(m.Data) },
				own + ".clock":    func(m *bus.Message) { m.Reply([]byte("now")) },
			} {
				if _, err := a.Subscribe(pattern, handle); err != nil {
					t.Fatal(err)
				}
			}
			flush(t, a)
			if got, err := a.Request(t.Context(), "hl.night-7.join", nil); err != nil || string(got) != "welcome" {
				t.Errorf("join: %q, %v", got, err)
			}
			if got, err := c.Request(t.Context(), own+".clock", nil); err != nil || string(got) != "now" {
				t.Errorf("clock: %q, %v", got, err)
			}
			if err := attach(natsbus.Halt, natsbus.Options{}).Publish("hl.night-7.halt", []byte("drain")); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, halts); got != "drain" {
				t.Errorf("halt: %q", got)
			}
			for range 2 { // join and halt
				receive(t, heard)
			}
			if err := a.Conn().Publish("team.video.hl.night-7.start", nil); err != nil {
				t.Fatal(err)
			}
			if line := receive(t, warned); !strings.Contains(line, "does not allow it") {
				t.Errorf("warned: %s", line)
			}
			flush(t, a)
			flush(t, c)
			if len(heard) > 0 {
				t.Errorf("the conductor heard %s", <-heard)
			}
		})
	}
}

func TestAttachSaysWhatIsWrong(t *testing.T) {
	start := clusters["the module's server"]
	config, _ := account(t, "")
	_, stranger := account(t, "")
	locked, open := start(t, configFile(t, config)), start(t, configFile(t, ""))
	small := start(t, configFile(t, "max_payload: 64KB\n"))
	for _, tc := range []struct {
		name    string
		cluster natsbus.Cluster
		run     string
		says    string
	}{
		{"no credentials", natsbus.Cluster{URL: locked}, "r", "does not take this key"},
		{"credentials of others", natsbus.Cluster{URL: locked, Creds: stranger[natsbus.Agent]}, "r", "does not take this key"},
		{"noise as credentials", natsbus.Cluster{URL: locked, Creds: []byte("noise")}, "r", "credentials"},
		{"no TLS", natsbus.Cluster{URL: "tls" + strings.TrimPrefix(open, "nats")}, "r", "no TLS"},
		{"small messages", natsbus.Cluster{URL: small}, "r", "max_payload 1048576"},
		{"nothing there", natsbus.Cluster{URL: "nats://127.0.0.1:1"}, "r", "nothing listens there"},
		{"no URL", natsbus.Cluster{URL: "127.0.0.1:4222"}, "r", "want nats://HOST:PORT"},
		{"another protocol", natsbus.Cluster{URL: open + ",ws://127.0.0.1"}, "r", "want nats://HOST:PORT"},
		{"a bad prefix", natsbus.Cluster{URL: open, Prefix: "a.*"}, "r", "prefix"},
		{"a bad run", natsbus.Cluster{URL: open}, "a.b", "run"},
		{"a password is not shown", natsbus.Cluster{URL: "nats://user:s3cret@127.0.0.1:1"}, "r", "connect to 127.0.0.1:1:"},
	} {
		b, err := natsbus.Attach(t.Context(), tc.cluster, natsbus.Agent, tc.run, natsbus.Options{})
		if err == nil {
			b.Close()
			t.Errorf("%s: connected", tc.name)
		} else if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v (want %q)", tc.name, err, tc.says)
		}
	}
}
