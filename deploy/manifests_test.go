// Package deploy_test checks what runs hlsload elsewhere: the manifests for Kubernetes, the
// unit for systemd, and the scenarios beside them. The image has a check of its own.
package deploy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"hlsload/scenarios"
)

// pinned renders where no kubectl is new enough, in CI only: it has to be fetched and compiled.
const pinned = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"

// renderer is a command that renders the folder that is its next argument.
func renderer(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("kubectl", "version", "--client", "--output=json").Output()
	var version struct{ KustomizeVersion string }
	if err == nil && json.Unmarshal(out, &version) == nil && strings.HasPrefix(version.KustomizeVersion, "v5.") {
		return []string{"kubectl", "kustomize"}
	}
	if os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: no kubectl that has kustomize 5 (want 1.27 or newer)")
	}
	return []string{"go", "run", pinned, "build"}
}

// rendered are the objects of a folder, by kind and name.
type rendered map[string]object

func render(t *testing.T, folder string) rendered {
	t.Helper()
	command := append(renderer(t), folder)
	var stderr bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, &stderr)
	}
	all := rendered{}
	for d := yaml.NewDecoder(bytes.NewReader(out)); ; {
		var raw object
		if err := d.Decode(&raw); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		kind, name := fmt.Sprint(raw["kind"]), text(raw, "metadata", "name")
		if err := schemaOf(t, fmt.Sprintf("%v %s", raw["apiVersion"], kind)).Validate(doc); err != nil {
			t.Errorf("%s: %s %s: %v", folder, kind, name, err)
		}
		all[kind+" "+name] = raw
	}
}

// at follows a path of keys and indexes; nil = there is no such thing.
func at(v any, way ...any) any {
	for _, step := range way {
		switch step := step.(type) {
		case string:
			m, _ := v.(object)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func text(v any, way ...any) string {
	if v = at(v, way...); v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func list(v any, way ...any) []any {
	l, _ := at(v, way...).([]any)
	return l
}

// TestManifests checks what a cluster would find out too late: on rendered manifests.
func TestManifests(t *testing.T) {
	folders, err := filepath.Glob("kubernetes/overlays/*")
	if err != nil || len(folders) < 2 {
		t.Fatalf("overlays %v, %v", folders, err)
	}
	for _, folder := range append(folders, "kubernetes/base") {
		t.Run(path.Base(folder), func(t *testing.T) {
			all := render(t, folder)
			all.check(t)
			want := 2
			if path.Base(folder) == "own-stream" {
				want = 10
			}
			all.numbered(t, want)
		})
	}
}

// TestNumberOfAgentsStandsInOnePlace: an overlay changes it with one line.
func TestNumberOfAgentsStandsInOnePlace(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, base := range []string{"base", "overlays/one-per-node", "overlays/existing-nats", "overlays/own-stream"} {
		up, err := filepath.Rel(dir, filepath.Join(here, "kubernetes"))
		if err != nil {
			t.Fatal(err)
		}
		overlay := fmt.Sprintf("resources: [%s/%s]\nconfigMapGenerator: [{name: hlsload-run, behavior: merge, literals: [agents=40]}]\ncomponents: [%s/number]\n", up, base, up)
		if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(overlay), 0o600); err != nil {
			t.Fatal(err)
		}
		render(t, dir).numbered(t, 40)
	}
}

// numbered checks that conductor and agents agree on the number of agents.
func (all rendered) numbered(t *testing.T, want int) {
	t.Helper()
	agents := all["Job hlsload-agents"]
	var waits string
	for _, arg := range all.arguments(t, all["Job hlsload-conductor"]) {
		if n, ok := strings.CutPrefix(arg, "--agents="); ok {
			waits = n
		}
	}
	n := strconv.Itoa(want)
	if completions, parallelism := text(agents, "spec", "completions"), text(agents, "spec", "parallelism"); completions != n || parallelism != n || waits != n {
		t.Errorf("completions %s, parallelism %s, the conductor waits for %q (want %s)", completions, parallelism, waits, n)
	}
}

var variable = regexp.MustCompile(`\$\(([A-Z_]+)\)`)

// arguments are those of the only container of a Job, with the values of variables as far
// as they are known before it runs.
func (all rendered) arguments(t *testing.T, job object) []string {
	t.Helper()
	container := at(job, "spec", "template", "spec", "containers", 0)
	values := map[string]string{}
	if text(job, "spec", "completionMode") == "Indexed" {
		values["JOB_COMPLETION_INDEX"] = "0"
	}
	for _, e := range list(container, "env") {
		name := text(e, "name")
		if strings.HasPrefix(name, "HLSLOAD_") {
			t.Errorf("%s: hlsload refuses variables of that beginning which it does not know", name)
		}
		switch {
		case at(e, "valueFrom", "configMapKeyRef") != nil:
			from := at(e, "valueFrom", "configMapKeyRef")
			value := at(all["ConfigMap "+text(from, "name")], "data", text(from, "key"))
			if value == nil {
				t.Errorf("%s: ConfigMap %v has no key %v", name, text(from, "name"), text(from, "key"))
				continue
			}
			values[name] = fmt.Sprint(value)
		case at(e, "valueFrom", "fieldRef") != nil:
			values[name] = "10.0.0.1"
		default:
			values[name] = text(e, "value")
		}
	}
	var args []string
	used := map[string]bool{"JOB_COMPLETION_INDEX": true}
	for _, a := range list(container, "args") {
		args = append(args, variable.ReplaceAllStringFunc(fmt.Sprint(a), func(ref string) string {
			name := variable.FindStringSubmatch(ref)[1]
			used[name] = true
			value, ok := values[name]
			if !ok {
				t.Errorf("%v: the container has no variable %s", a, name)
			}
			return value
		}))
	}
	for name := range values {
		if !used[name] {
			t.Errorf("variable %s: used by no argument", name)
		}
	}
	return args
}

// check looks at each Job, and at what refers to its pods.
func (all rendered) check(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile("../docs/many-machines.md")
	if err != nil {
		t.Fatal(err)
	}
	var pods []object // their labels
	for _, name := range slices.Sorted(maps.Keys(all)) {
		job := all[name]
		if job["kind"] != "Job" {
			continue
		}
		pod := at(job, "spec", "template", "spec")
		labels, _ := at(job, "spec", "template", "metadata", "labels").(object)
		pods = append(pods, labels)
		for want, got := range map[string]string{
			"restartPolicy Never":                text(pod, "restartPolicy"),
			"automountServiceAccountToken false": text(pod, "automountServiceAccountToken"),
			"enableServiceLinks false":           text(pod, "enableServiceLinks"),
			"runAsNonRoot true":                  text(pod, "securityContext", "runAsNonRoot"),
			"runAsUser 65532":                    text(pod, "securityContext", "runAsUser"),
			"fsGroup 65532":                      text(pod, "securityContext", "fsGroup"),
			"type RuntimeDefault":                text(pod, "securityContext", "seccompProfile", "type"),
			"readOnlyRootFilesystem true":        text(pod, "containers", 0, "securityContext", "readOnlyRootFilesystem"),
			"allowPrivilegeEscalation false":     text(pod, "containers", 0, "securityContext", "allowPrivilegeEscalation"),
			"drop [ALL]":                         text(pod, "containers", 0, "securityContext", "capabilities", "drop"),
			"safe-to-evict false":                text(job, "spec", "template", "metadata", "annotations", "cluster-autoscaler.kubernetes.io/safe-to-evict"),
			"retries 0":                          text(job, "spec", map[bool]string{true: "backoffLimitPerIndex", false: "backoffLimit"}[text(job, "spec", "completionMode") == "Indexed"]),
		} {
			if key, value, _ := strings.Cut(want, " "); got != value {
				t.Errorf("%s: %s is %q (want %s)", name, key, got, value)
			}
		}
		for _, r := range []string{"limits", "requests"} {
			if text(pod, "containers", 0, "resources", r, "memory") == "" {
				t.Errorf("%s: no memory in %s", name, r)
			}
		}
		mounts := map[string]string{}
		for _, m := range list(pod, "containers", 0, "volumeMounts") {
			mounts[text(m, "name")] = text(m, "mountPath")
		}
		if mounts["results"] != "/results" {
			t.Errorf("%s: no results at /results, where the image has its working directory", name)
		}
		args := all.arguments(t, job)
		for _, v := range list(pod, "volumes") {
			volume := text(v, "name")
			mounted, ok := mounts[volume]
			if !ok {
				t.Errorf("%s: volume %s is not mounted", name, volume)
			}
			delete(mounts, volume)
			if claim := text(v, "persistentVolumeClaim", "claimName"); claim != "" && all["PersistentVolumeClaim "+claim] == nil {
				t.Errorf("%s: no claim %s", name, claim)
			}
			if config := text(v, "configMap", "name"); config != "" && all["ConfigMap "+config] == nil {
				t.Errorf("%s: no ConfigMap %s", name, config)
			}
			if secret := text(v, "secret", "secretName"); secret != "" {
				made := regexp.MustCompile(`kubectl create secret generic ` + secret + ` .*`).Find(page)
				for _, arg := range args {
					if _, file, ok := strings.Cut(arg, "="+mounted+"/"); ok && !regexp.MustCompile(`[/=]`+regexp.QuoteMeta(file)).Match(made) {
						t.Errorf("%s: Secret %s is not made with the file %s in docs/many-machines.md (got %q)", name, secret, file, made)
					}
				}
			}
		}
		for m := range mounts {
			t.Errorf("%s: no volume %s", name, m)
		}
		for _, e := range list(pod, "containers", 0, "envFrom") {
			if secret := text(e, "secretRef", "name"); !bytes.Contains(page, []byte("kubectl create secret generic "+secret+" ")) {
				t.Errorf("%s: Secret %s is not in docs/many-machines.md", name, secret)
			}
		}
	}
	if len(pods) != 2 {
		t.Fatalf("%d Jobs (want conductor and agents)", len(pods))
	}
	selects := func(name string, selector any) {
		want, _ := selector.(object)
		if len(want) == 0 || !slices.ContainsFunc(pods, func(labels object) bool {
			for k, v := range want {
				if labels[k] != v {
					return false
				}
			}
			return true
		}) {
			t.Errorf("%s: selects no pod (got %v)", name, want)
		}
	}
	for name, o := range all {
		switch o["kind"] {
		case "Service":
			selects(name, at(o, "spec", "selector"))
		case "NetworkPolicy":
			selects(name, at(o, "spec", "podSelector", "matchLabels"))
			for _, rule := range list(o, "spec", "ingress") {
				for _, from := range list(rule, "from") {
					selects(name, at(from, "podSelector", "matchLabels"))
				}
			}
		}
	}
}

// TestOverlays checks what each of them is for.
func TestOverlays(t *testing.T) {
	apart := render(t, "kubernetes/overlays/one-per-node")["Job hlsload-agents"]
	if rules := list(apart, "spec", "template", "spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"); len(rules) != 1 || text(rules[0], "topologyKey") != "kubernetes.io/hostname" {
		t.Errorf("one-per-node: %v", rules)
	}
	own := render(t, "kubernetes/overlays/own-stream")
	if args := strings.Join(own.arguments(t, own["Job hlsload-conductor"]), " "); strings.Contains(args, "--rig-listen") || !strings.Contains(args, "--keys") {
		t.Errorf("own-stream: %s (want no --rig-listen: the scenario has a URL)", args)
	}
	there := render(t, "kubernetes/overlays/existing-nats")
	for name, o := range there {
		if o["kind"] == "Service" {
			t.Errorf("existing-nats: has %s, and no server", name)
		}
		if o["kind"] != "Job" {
			continue
		}
		args := strings.Join(there.arguments(t, o), " ")
		for _, has := range []string{"--nats=tls://nats.example.com:4222", "--nats-prefix=team.video", "--creds=/keys/", "--run=night-1"} {
			if !strings.Contains(args, has) {
				t.Errorf("existing-nats: %s has no %s: %s", name, has, args)
			}
		}
		for _, not := range []string{"--keys", " --listen", "--join"} {
			if strings.Contains(args, not) {
				t.Errorf("existing-nats: %s still has %s: %s", name, not, args)
			}
		}
	}
}

// TestUnit: systemd itself finds no fault in the unit.
func TestUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("SKIPPED: no systemd-analyze here (want the Debian package systemd)")
	}
	unit, err := os.ReadFile("systemd/hlsload-agent.service")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hlsload-agent.service")
	unit = bytes.ReplaceAll(unit, []byte("/usr/local/bin/hlsload"), []byte("/bin/true")) // it has to be there
	if err := os.WriteFile(file, unit, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-analyze", "verify", file).CombinedOutput()
	if bytes.Contains(out, []byte("hlsload")) { // what else it says is about units of this machine
		t.Errorf("%v: %s", err, out)
	}
}

func TestScenarios(t *testing.T) {
	for _, file := range []string{"image/smoke.yaml", "kubernetes/base/scenario.yaml", "kubernetes/overlays/own-stream/scenario.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scenarios.Load(scenarios.Source{File: file, Data: data}); err != nil {
			t.Error(err)
		}
	}
}
