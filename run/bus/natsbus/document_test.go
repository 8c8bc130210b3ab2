package natsbus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"hlsload/run/bus/natsbus"
)

// TestPermissionsOfTheDocument: those that docs/many-machines.md tells an operator of a
// cluster to give are those that the roles need, and no more.
func TestPermissionsOfTheDocument(t *testing.T) {
	page, err := os.ReadFile("../../../docs/many-machines.md")
	if err != nil {
		t.Fatal(err)
	}
	config := regexp.MustCompile("(?s)```conf\n(.*?)```").FindSubmatch(page)
	if config == nil {
		t.Fatal("no configuration in the document")
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, config[1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, role := range []natsbus.Role{natsbus.Conductor, natsbus.Agent, natsbus.Halt} {
		t.Setenv(strings.ToUpper(role.String())+"_PASSWORD", "secret")
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []natsbus.Role{natsbus.Conductor, natsbus.Agent, natsbus.Halt} {
		publish, subscribe := natsbus.Permissions(role, "*", "*")
		for _, list := range []*[]string{&publish, &subscribe} {
			*list = slices.Clone(*list)
			for i := range *list {
				(*list)[i] = "team.video." + (*list)[i]
			}
			slices.Sort(*list)
		}
		check := func(where string, pub, sub []string) {
			slices.Sort(pub)
			slices.Sort(sub)
			if !slices.Equal(pub, publish) || !slices.Equal(sub, subscribe) {
				t.Errorf("%s of %s: publish %q, subscribe %q (want %q, %q)", where, role, pub, sub, publish, subscribe)
			}
		}
		i := slices.IndexFunc(o.Users, func(u *server.User) bool { return u.Username == role.String() })
		if i < 0 {
			t.Errorf("the configuration has no user %s", role)
			continue
		}
		check("configuration", o.Users[i].Permissions.Publish.Allow, o.Users[i].Permissions.Subscribe.Allow)
		line := regexp.MustCompile(`nsc add user --account LOAD ` + role.String() + ` --allow-pub '(.*)' --allow-sub '(.*)'`).FindSubmatch(page)
		if line == nil {
			t.Errorf("no nsc command for %s", role)
			continue
		}
		check("nsc command", strings.Split(string(line[1]), ","), strings.Split(string(line[2]), ","))
	}
}
