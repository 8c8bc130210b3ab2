package deploy_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// configuration is what tests look at of .goreleaser.yaml.
type configuration struct {
	Dist   string
	Before struct{ Hooks []string }
	Builds []struct {
		Env, Goos, Goarch, Tags, Flags, Ldflags []string
		Stamp                                   string `yaml:"mod_timestamp"`
	}
	Archives []struct {
		Name      string `yaml:"name_template"`
		Formats   []string
		Overrides []struct {
			Goos    string
			Formats []string
		} `yaml:"format_overrides"`
		Files []struct{ Src string }
	}
	Packages []struct {
		Name     string `yaml:"file_name_template"`
		Formats  []string
		Bindir   string
		Contents []struct{ Src, Dst string }
	} `yaml:"nfpms"`
	Lists []struct {
		Cmd       string
		Documents []string
	} `yaml:"sboms"`
	Checksum struct {
		Name string `yaml:"name_template"`
	}
	Signs []struct{ Cmd, Artifacts string }
}

func configured(t *testing.T) (c configuration) {
	t.Helper()
	data, err := os.ReadFile("../.goreleaser.yaml")
	if err == nil {
		err = yaml.Load(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Builds) != 1 || len(c.Archives) != 1 || len(c.Packages) != 1 || len(c.Lists) != 1 || len(c.Signs) != 1 {
		t.Fatalf("%d builds, %d archives, %d packages, %d lists of modules, %d signatures; want one of each", len(c.Builds), len(c.Archives), len(c.Packages), len(c.Lists), len(c.Signs))
	}
	return c
}

// TestNamesOfReleases: what downloads a release relies on them.
func TestNamesOfReleases(t *testing.T) {
	c := configured(t)
	const name = "hlsload_{{ .Version }}_{{ .Os }}_{{ .Arch }}"
	a := c.Archives[0]
	if a.Name != name || !slices.Equal(a.Formats, []string{"tar.gz"}) || len(a.Overrides) != 1 || a.Overrides[0].Goos != "windows" || !slices.Equal(a.Overrides[0].Formats, []string{"zip"}) {
		t.Errorf("archives: %+v", a)
	}
	if p := c.Packages[0]; p.Name != name || !slices.Equal(p.Formats, []string{"deb", "rpm"}) || p.Bindir != "/usr/bin" {
		t.Errorf("packages: %+v", p)
	}
	if c.Checksum.Name != "checksums.txt" || c.Signs[0].Artifacts != "checksum" || c.Dist != "bin/release" {
		t.Errorf("checksums %s, signed: %s, in %s", c.Checksum.Name, c.Signs[0].Artifacts, c.Dist)
	}
	b := c.Builds[0]
	if !slices.Equal(b.Goos, []string{"linux", "darwin", "windows"}) || !slices.Equal(b.Goarch, []string{"amd64", "arm64"}) || !slices.Equal(b.Env, []string{"CGO_ENABLED=0"}) || b.Stamp != "{{ .CommitTimestamp }}" {
		t.Errorf("builds: %+v", b)
	}
	if !slices.Contains(b.Ldflags, "-s -w -X main.version={{ .Version }}") {
		t.Errorf("the program does not know its version: %q", b.Ldflags)
	}
}

// TestReleasesAreBuiltAsByMake: a release has the program that make build makes.
func TestReleasesAreBuiltAsByMake(t *testing.T) {
	b := configured(t).Builds[0]
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	const line = "\t$(GO) build -tags full -pgo cmd/hlsload/cpu.pgo -trimpath -o bin/hlsload ./cmd/hlsload\n"
	if !strings.Contains(string(makefile), line) || !slices.Equal(b.Tags, []string{"full"}) || !slices.Equal(b.Flags, []string{"-trimpath", "-pgo=cmd/hlsload/cpu.pgo"}) {
		t.Errorf("tags %q, flags %q; want those of make build", b.Tags, b.Flags)
	}
}

// TestReleasesHaveWhatTheyList: every file of archives and packages is in this repository, or
// is made by deploy/release/prepare.
func TestReleasesHaveWhatTheyList(t *testing.T) {
	c := configured(t)
	prepare, err := os.ReadFile("release/prepare")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, f := range c.Archives[0].Files {
		sources = append(sources, f.Src)
	}
	for _, f := range c.Packages[0].Contents {
		if f.Src != "" {
			sources = append(sources, f.Src)
		}
	}
	if len(sources) < 15 {
		t.Errorf("only %d sources", len(sources))
	}
	for _, src := range sources {
		if made, ok := strings.CutPrefix(src, "bin/extras/"); ok {
			if made = strings.TrimRight(strings.TrimSuffix(made, "*.1.gz"), "*/"); !strings.Contains(string(prepare), "$extras/"+made) {
				t.Errorf("%s: deploy/release/prepare does not make it", src)
			}
			continue
		}
		if found, err := filepath.Glob("../" + src); err != nil || len(found) == 0 {
			t.Errorf("%s: %v, %v; want files", src, found, err)
		}
	}
	for _, program := range []string{c.Before.Hooks[0], "deploy/release/check", "deploy/release/image", "deploy/release/tools"} {
		if info, err := os.Stat("../" + program); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s: cannot be executed (%v)", program, err)
		}
	}
}

// TestToolsArePinned: what a release is made with has a version, and is what the configuration names.
func TestToolsArePinned(t *testing.T) {
	tools, err := os.ReadFile("release/tools")
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`(?m)^\t(\S+)@v[0-9]+\.[0-9]+\.[0-9]+( |$)`).FindAllStringSubmatch(string(tools), -1)
	var names []string
	for _, m := range pinned {
		names = append(names, path.Base(strings.TrimSuffix(m[1], "/v2")))
	}
	if !slices.Equal(names, []string{"goreleaser", configured(t).Lists[0].Cmd}) {
		t.Errorf("pinned %v; want goreleaser and %s", names, configured(t).Lists[0].Cmd)
	}
	workflow, err := os.ReadFile("../.github/workflows/release.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"deploy/release/tools", "goreleaser release --clean", "deploy/release/image ", "bin/release/checksums.txt", "id-token: write"} {
		if !strings.Contains(string(workflow), want) {
			t.Errorf("release.yml does not use %s", want)
		}
	}
	if found := regexp.MustCompile(`secrets\.[A-Za-z_]+`).FindAllString(string(workflow), -1); found != nil {
		t.Errorf("release.yml needs %v (want nothing but github.token)", found)
	}
	if found := regexp.MustCompile(`(?m)uses: \S+$`).FindAllString(string(workflow), -1); len(found) < 4 || slices.ContainsFunc(found, func(u string) bool { return !strings.Contains(u, "@") }) {
		t.Errorf("actions: %q", found)
	}
}
