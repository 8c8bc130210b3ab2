package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/journal"
)

// made are all changes that the faults, the lock and the watchdogs of a run
// make, with their drivers.
func made(t *testing.T) map[aws.Change]aws.Driver {
	all := map[aws.Change]aws.Driver{}
	lists := [][]*chaos.Fault{every(), packaged()}
	for _, list := range lists {
		var w *world
		synctest.Test(t, func(t *testing.T) { w = worldFor(t, list...) })
		drivers := Describe(w.cfg)
		for _, f := range list {
			o := &aws.Order{Fault: f, Run: "0a1b2c3d", Expires: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
			n := len(all)
			for _, d := range drivers {
				if d.Target() == "" {
					continue
				}
				if l, ok := d.(aws.Locker); ok {
					all[l.Lock(o)] = d
					n++
				}
				for _, c := range d.Changes(o) {
					all[c] = d
					for _, g := range drivers {
						if g, ok := g.(aws.Guardian); ok {
							if _, ok := c.(aws.Rescuable); ok {
								all[g.Watchdog(o, c, 1)] = g
							}
						}
					}
				}
			}
			if len(all) == n {
				t.Errorf("%s: no driver makes a change for it", f.Name)
			}
		}
	}
	return all
}

// Every change can be undone from a journal: its type is known there, what the
// journal carries describes it as it was, and only its own run may undo it.
// Every type that is known there is made by something, so that this test has
// seen them all.
func TestEveryChangeIsUndoneFromAJournal(t *testing.T) {
	seen, known := map[string]bool{}, map[string]bool{}
	for c, d := range made(t) {
		about := c.About()
		name := d.Service() + " " + about.Op
		seen[name] = true
		restore := func() aws.Change {
			for _, e := range d.Empty() {
				if e.About().Op == about.Op {
					return e
				}
			}
			return nil
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again := restore()
		if again == nil {
			t.Errorf("%s: the journal does not know it", name)
			continue
		}
		if err := json.Unmarshal(text, again); err != nil {
			t.Fatal(err)
		}
		if got := again.About(); got != about {
			t.Errorf("%s: from the journal it is %+v; want %+v", name, got, about)
		}
		if len(c.Calls()) == 0 {
			t.Errorf("%s: it has no calls", name)
		}
		for _, change := range []string{"{}", strings.ReplaceAll(string(text), "0a1b2c3d", "ffffffff")} {
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, packaged()...)
				err := w.bare(t).Undoer(0).Undo(t.Context(), journal.Line{Name: "x", Calls: []journal.Call{
					{N: 1, Run: "0a1b2c3d", Service: d.Service(), Op: about.Op, Change: []byte(change)}}})
				if err == nil || !strings.Contains(err.Error(), "not the mark of run") || len(w.Requests()) > 0 {
					t.Errorf("%s %s: %d requests, %v", name, change, len(w.Requests()), err)
				}
			})
		}
	}
	for _, d := range Describe(&chaos.AWS{}) {
		for _, c := range d.Empty() {
			name := d.Service() + " " + c.About().Op
			if known[name] {
				t.Errorf("%s: two types of that name", name)
			}
			known[name] = true
		}
	}
	if !maps.Equal(seen, known) {
		t.Errorf("made: %v; known to the journal: %v", slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(known)))
	}
	if len(Describe(&chaos.AWS{})) != 7 || len(known) != 17 {
		t.Errorf("%d types: a new one needs a fault in this package's list, and another number here", len(known))
	}
}

// flows says why the stream does not reach viewers, "" when it does: every
// playlist is read and written, and the packager lets viewers and encoders in.
func (w *world) flows() string {
	read := func(key string) string {
		a := httptest.NewRecorder()
		w.bucket.ServeHTTP(a, httptest.NewRequest(http.MethodGet, "/"+key, nil))
		return fmt.Sprint(a.Code, a.Body)
	}
	before := map[string]string{}
	for line := range strings.Lines(w.State()) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "playlist "); ok {
			key, _, _ := strings.Cut(rest, ",")
			before[key] = read(key)
		}
	}
	time.Sleep(30 * time.Second)
	if len(before) != 4 {
		return fmt.Sprintf("%d media playlists are there; want 4", len(before))
	}
	for key, was := range before {
		if now := read(key); !strings.HasPrefix(now, "200") || now == was {
			return key + " is not written any more, or cannot be read: " + now
		}
	}
	switch {
	case !w.egress.Allows("GetObject", "", "203.0.113.9"):
		return "the packager does not let viewers in"
	case !w.ingest.Allows("PutObject", w.channel.Role, "198.51.100.1") || !w.ingest.Allows("PutObject", w.channel.Role, "198.51.100.17"):
		return "the packager does not let the encoder in"
	}
	return ""
}

// A fault that is not sticky is over some time after its window, though it was
// not undone: channels run, nothing is paused, and playlists are complete.
func TestWhatIsNotStickyEndsByItself(t *testing.T) {
	effects := func(state string) (lines []string) {
		for line := range strings.Lines(state) {
			s, _, _ := strings.Cut(strings.TrimSpace(line), ", tags ") // the mark of a run stays after a watchdog
			if !strings.Contains(s, "policy") && !strings.HasPrefix(s, "action ") && !strings.HasPrefix(s, "schedule ") && !strings.HasPrefix(s, "experiment template") {
				lines = append(lines, s)
			}
		}
		return lines
	}
	n := 0
	for _, f := range all() {
		synctest.Test(t, func(t *testing.T) {
			w := worldFor(t, f)
			a := w.open(t)
			if len(aws.Sticky(a.Drivers, []chaos.Fault{*f})) > 0 {
				return
			}
			n++
			before := effects(w.State())
			r := w.run(t, "0a1b2c3d")
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(f.For + chaos.AWSMargin + 5*time.Minute); time.Now().Before(end); time.Sleep(10 * time.Second) {
				_ = w.State() // what happens by itself happens when the account is asked
			}
			if after := effects(w.State()); !slices.Equal(after, before) {
				t.Errorf("%s: %s", f.Name, difference(strings.Join(before, "\n"), strings.Join(after, "\n")))
			}
			if problem := w.flows(); problem != "" {
				t.Errorf("%s: %s", f.Name, problem)
			}
		})
	}
	if n < len(all())/2 {
		t.Errorf("only %d of %d faults are not sticky", n, len(all()))
	}
}
