package scenarios

import (
	"strings"

	"hlsload/scenarios/redact"
)

// Outline is the plan of a scenario as data. Values of the environment do not show.
type Outline struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	File        string          `json:"file"`
	SHA256      string          `json:"sha256"`
	Seed        uint64          `json:"seed"`
	DurationS   float64         `json:"duration_s"`
	URLs        []string        `json:"urls"` // none = the embedded channel
	Players     int             `json:"players"`
	Cohorts     []OutlineCohort `json:"cohorts"`
	Regions     []OutlineRegion `json:"regions,omitempty"`
	Timeline    []OutlineFault  `json:"timeline"`
	Stop        []string        `json:"stop"`
	Expect      []string        `json:"expect"`
	Known       []string        `json:"known"`
}

// OutlineCohort is a part of the audience.
type OutlineCohort struct {
	Name    string  `json:"name"`
	Share   float64 `json:"share"`
	Profile string  `json:"profile"`
	Network string  `json:"network"`
	Faults  bool    `json:"faults"` // false = it watches a channel without faults
}

// OutlineRegion is a part of the audience by where it watches.
type OutlineRegion struct {
	Name    string  `json:"name"`
	Share   float64 `json:"share"`
	Pops    int     `json:"pops"`    // of its own; 0 = all regions share all
	Network string  `json:"network"` // in place of the cohorts'; "" = theirs
}

// OutlineFault is one window of a fault, in the order of their starts.
type OutlineFault struct {
	Name       string   `json:"name"`
	Occurrence int      `json:"occurrence"`
	Fault      string   `json:"fault"`
	Via        string   `json:"via"`
	AtS        float64  `json:"at_s"`
	UntilS     *float64 `json:"until_s"` // null = an instant
	On         string   `json:"on"`
	Does       string   `json:"does"`
	Changes    string   `json:"changes"`
	Undo       string   `json:"undo"` // "" = an instant has none
}

// Outline returns the plan as data.
func (sc *Scenario) Outline() *Outline {
	o := &Outline{Name: sc.Name, Description: strings.Join(strings.Fields(sc.Description.Raw), " "), File: sc.File, SHA256: sc.SHA256, Seed: sc.Seed, DurationS: sc.Duration.Seconds(),
		URLs: []string{}, Players: sc.Fleet.Audience.Peak(), Timeline: []OutlineFault{}, Stop: []string{}, Expect: []string{}, Known: []string{}}
	for _, u := range sc.Target.URLs {
		o.URLs = append(o.URLs, u.Raw)
	}
	for i := range sc.Fleet.Audience.Cohorts {
		c := &sc.Fleet.Audience.Cohorts[i]
		o.Cohorts = append(o.Cohorts, OutlineCohort{c.Name, c.Share, c.Profile, c.Network.Name, !c.FaultsNone})
	}
	for _, r := range sc.Fleet.Audience.Regions {
		row := OutlineRegion{Name: r.Name, Share: r.Share, Pops: r.Pops}
		if r.Network != nil {
			row.Network = r.Network.Name
		}
		o.Regions = append(o.Regions, row)
	}
	for _, f := range sc.Faults() {
		spec := f.Kind.Spec()
		row := OutlineFault{Name: f.Name, Occurrence: f.Occurrence, Fault: string(f.Kind), Via: string(f.Via), AtS: f.At.Seconds(), On: describeScope(&f), Does: describeEffect(&f), Changes: spec.Changes}
		if !spec.Instant {
			until := (f.At + f.For).Seconds()
			row.UntilS, row.Undo = &until, describeUndo(&f)
		}
		o.Timeline = append(o.Timeline, row)
	}
	for _, e := range sc.Stop {
		o.Stop = append(o.Stop, e.Text)
	}
	for _, e := range sc.Expect {
		o.Expect = append(o.Expect, e.Text)
	}
	for _, e := range sc.Known {
		o.Known = append(o.Known, e.Text)
	}
	redact.Strings(o, sc.Redact)
	return o
}
