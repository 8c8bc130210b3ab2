package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
	"hlsload/rig/page"
)

// controlAPI is the control API: GET /stats, GET /faults, POST /faults,
// DELETE /faults/NAME, all JSON; and the page that uses it.
func (s *Server) controlAPI() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"edge": s.edgeSummary(), "origin": s.originSummary()})
	})
	m.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.hand.list()) })
	m.HandleFunc("POST /faults", s.postFault)
	m.HandleFunc("DELETE /faults/{name}", s.deleteFault)
	m.Handle("GET /", page.Handler(page.Channel{URLs: s.URLs(), Decode: s.cfg.Decode, Now: s.cfg.Now}))
	return Guard(hostOf(s.cfg.Control), m)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that is gone needs no answer
}

func refuse(w http.ResponseWriter, status int, err error) {
	reply(w, status, map[string]string{"error": err.Error()})
}

// rate is a rate over the run so far: its mean, and the highest in one second.
type rate struct {
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`
}

type edgeSummary struct {
	Requests uint64            `json:"requests"`
	Bytes    uint64            `json:"bytes"`
	RPS      rate              `json:"rps"`
	BPS      rate              `json:"bps"` // bit/s
	ByPop    map[string]uint64 `json:"by_pop"`
}

type originSummary struct {
	Source   string            `json:"source"`
	Requests uint64            `json:"requests"`
	Bytes    uint64            `json:"bytes"`
	RPS      rate              `json:"rps"`
	BPS      rate              `json:"bps"`
	HitRatio float64           `json:"hit_ratio"` // 1 - origin requests / edge requests
	ByStatus map[string]uint64 `json:"by_status"`
}

// rates sums up one side of the seconds.
func rates(st *rig.Stats, now time.Duration, side func(*rig.Second) rig.Count) (rps, bps rate) {
	var sum rig.Count
	for i := range st.Seconds {
		c := side(&st.Seconds[i])
		sum.Requests += c.Requests
		sum.Bytes += c.Bytes
		rps.Max = max(rps.Max, float64(c.Requests))
		bps.Max = max(bps.Max, 8*float64(c.Bytes))
	}
	if now > 0 {
		rps.Mean = float64(sum.Requests) / now.Seconds()
		bps.Mean = 8 * float64(sum.Bytes) / now.Seconds()
	}
	return rps, bps
}

func (s *Server) edgeSummary() (out edgeSummary) {
	s.Do(func(r *rig.Rig, now time.Duration) {
		st := r.Stats()
		out.ByPop = map[string]uint64{}
		for i := range st.Edges {
			out.Requests += st.Edges[i].Requests
			out.Bytes += st.Edges[i].Bytes
			out.ByPop[strconv.Itoa(i)] = st.Edges[i].Requests
		}
		out.RPS, out.BPS = rates(st, now, func(b *rig.Second) rig.Count { return b.Edge })
	})
	return out
}

func (s *Server) originSummary() (out originSummary) {
	s.Do(func(r *rig.Rig, now time.Duration) {
		st := r.Stats()
		out.Source, out.Requests, out.Bytes = "rig", st.Origin.Requests, st.Origin.Bytes
		out.ByStatus = map[string]uint64{}
		for status, n := range st.Origin.ByStatus.Map() {
			out.ByStatus[strconv.Itoa(status)] = n
		}
		if edge := st.Edge().Requests; edge > 0 {
			out.HitRatio = 1 - float64(out.Requests)/float64(edge)
		}
		out.RPS, out.BPS = rates(st, now, func(b *rig.Second) rig.Count { return b.Origin })
	})
	return out
}

// hand applies faults that are given by hand, and takes them back.
type hand struct {
	s       *Server
	applier Applier
	lock    sync.Mutex
	open    []*held
	timers  sync.WaitGroup
}

// held is a fault that was given by hand.
type held struct {
	fault chaos.Fault
	since time.Duration
	over  chan struct{}
}

type faultRow struct {
	Name     string   `json:"name"`
	Fault    string   `json:"fault"`
	Pipeline *int     `json:"pipeline"` // null = any
	SinceS   float64  `json:"since_s"`
	ForS     *float64 `json:"for_s"` // null = until it is deleted
	Bites    bool     `json:"bites"`
	Detail   string   `json:"detail"`
}

func (h *hand) row(e *held) faultRow {
	row := faultRow{Name: e.fault.Name, Fault: string(e.fault.Kind), SinceS: e.since.Round(time.Millisecond).Seconds()}
	if e.fault.Pipeline != chaos.Any {
		row.Pipeline = &e.fault.Pipeline
	}
	if e.fault.For > 0 {
		s := e.fault.For.Seconds()
		row.ForS = &s
	}
	row.Bites, row.Detail = h.applier.Look(h.s.ctx, &e.fault)
	return row
}

func (h *hand) list() []faultRow {
	h.lock.Lock()
	open := slices.Clone(h.open)
	h.lock.Unlock()
	rows := []faultRow{}
	for _, e := range open {
		rows = append(rows, h.row(e))
	}
	return rows
}

// add makes room for a fault. Its rule is one that no other has.
func (h *hand) add(f chaos.Fault) (*held, error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	var used [chaos.MaxEntries]bool
	for w := range h.applier.Board.Plan().Holding(chaos.Open) {
		used[w.Fault.Rule%chaos.MaxEntries] = true
	}
	for _, e := range h.open {
		if e.fault.Name == f.Name {
			return nil, fmt.Errorf("fault %q is there already; delete it first or take another name", f.Name)
		}
		used[e.fault.Rule] = true
	}
	f.Rule = slices.Index(used[:], false)
	if f.Rule < 0 {
		return nil, fmt.Errorf("%d faults are open; want at most that many at one time", chaos.MaxEntries)
	}
	f.Occurrence = 1
	e := &held{fault: f, since: h.s.cfg.Now(), over: make(chan struct{})}
	h.open = append(h.open, e)
	return e, nil
}

// take takes a fault out of the list, so that only one caller undoes it.
func (h *hand) take(name string, which *held) *held {
	h.lock.Lock()
	defer h.lock.Unlock()
	for i, e := range h.open {
		if e.fault.Name == name && (which == nil || which == e) {
			h.open = slices.Delete(h.open, i, i+1)
			close(e.over)
			return e
		}
	}
	return nil
}

// patience is how long a fault may take to show, or to vanish: a segment has
// to be due, written and listed.
func (h *hand) patience(f *chaos.Fault) time.Duration {
	return 3*h.s.cfg.Rig.TargetDuration() + f.By + 5*time.Second
}

// poll looks until the look succeeds or patience ends.
func (h *hand) poll(ctx context.Context, patience time.Duration, look func() (bool, string)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, detail := look()
		if ok {
			return detail, nil
		}
		select {
		case <-tick.C:
		case <-h.s.ctx.Done():
			return detail, errors.New("the rig is closing")
		case <-ctx.Done():
			return detail, errors.New(detail)
		}
	}
}

const maxEntry = 64 << 10

func (s *Server) postFault(w http.ResponseWriter, req *http.Request) {
	if s.cfg.Decode == nil {
		refuse(w, http.StatusNotImplemented, errors.New("this rig takes no faults; its plan is that of a scenario"))
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxEntry))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("read fault: %w", err))
		return
	}
	f, err := s.cfg.Decode(data)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	h := s.hand
	e, err := h.add(f)
	if err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	ctx := req.Context()
	h.applier.Apply(ctx, &e.fault)
	if _, err := h.poll(ctx, h.patience(&e.fault), func() (bool, string) { return h.applier.Look(ctx, &e.fault) }); err != nil {
		if h.take(f.Name, e) != nil {
			h.applier.Undo(ctx, &e.fault)
		}
		refuse(w, http.StatusGatewayTimeout, fmt.Errorf("fault %q does not show and was taken back: %w", f.Name, err))
		return
	}
	row := h.row(e)
	if f.Kind.Spec().Instant {
		h.take(f.Name, e)
		h.applier.Undo(ctx, &e.fault)
	} else if e.fault.For > 0 {
		h.timers.Go(func() {
			t := time.NewTimer(e.fault.For)
			defer t.Stop()
			select {
			case <-t.C:
				if h.take(f.Name, e) != nil {
					h.applier.Undo(s.ctx, &e.fault)
				}
			case <-e.over:
			case <-s.ctx.Done():
			}
		})
	}
	reply(w, http.StatusCreated, row)
}

func (s *Server) deleteFault(w http.ResponseWriter, req *http.Request) {
	h, name := s.hand, req.PathValue("name")
	e := h.take(name, nil)
	if e == nil {
		var names []string
		for _, row := range h.list() {
			names = append(names, row.Name)
		}
		refuse(w, http.StatusNotFound, fmt.Errorf("no fault %q is open; want one of [%s]", name, strings.Join(names, ", ")))
		return
	}
	ctx := req.Context()
	h.applier.Undo(ctx, &e.fault)
	detail, err := h.poll(ctx, h.patience(&e.fault), func() (bool, string) { return h.applier.LookUndone(ctx, &e.fault) })
	if err != nil {
		refuse(w, http.StatusGatewayTimeout, fmt.Errorf("fault %q was undone, but the rig still shows it: %w", name, err))
		return
	}
	reply(w, http.StatusOK, map[string]any{"name": name, "healthy": true, "detail": detail})
}
