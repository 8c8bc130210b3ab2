package measure_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
)

// magic begins every encoded part.
const magic = "hlpart\x02"

// deflated is an encoded part with these bytes inside.
func deflated(counts []byte) []byte {
	b := bytes.NewBufferString(magic)
	z := zlib.NewWriter(b)
	z.Write(counts)
	z.Close()
	return b.Bytes()
}

func inflated(t testing.TB, part []byte) []byte {
	t.Helper()
	z, err := zlib.NewReader(strings.NewReader(strings.TrimPrefix(string(part), magic)))
	if err != nil {
		t.Fatal(err)
	}
	counts, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// accept reads bytes that may be hostile; what is accepted is merged and derived.
func (r *recording) accept(t testing.TB, good, hostile []byte) error {
	c, err := record.New(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := c.ReadPart(hostile)
	if err != nil {
		return err
	}
	p, err := c.ReadPart(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Merge(bad); err != nil {
		return err
	}
	measure.Derive(p, r.end)
	return nil
}

// small is a short recording as a CDN has it, and an encoded part of it.
func small(t testing.TB) (*recording, []byte) {
	r := recorded(t, "pipeline-kill", "fleet.players=5").asCDN()
	return r, r.replay(t, 2, rand.New(rand.NewPCG(1, 1)), local{})[0].Encode()
}

// TestHostileParts damages a part in many places: it is refused, or something is derived
// from it, and neither takes the program down.
func TestHostileParts(t *testing.T) {
	r, good := small(t)
	if err := r.accept(t, good, good); err != nil {
		t.Fatal(err)
	}
	counts := inflated(t, good)
	random := rand.New(rand.NewPCG(2, 1))
	refused := 0
	const tries = 60
	for range tries {
		b := bytes.Clone(counts)
		for range 1 + random.IntN(3) {
			b[random.IntN(len(b))] = byte(random.Uint32())
		}
		if random.IntN(10) == 0 {
			b = b[:random.IntN(len(b))]
		}
		if r.accept(t, good, deflated(b)) != nil {
			refused++
		}
	}
	if refused == 0 || refused == tries {
		t.Errorf("%d of %d damaged parts were refused; want some", refused, tries)
	}
	for _, tc := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"nothing", nil, "read part: it begins with"},
		{"another version", []byte("hlpart\x03"), "read part: it begins with"},
		{"no part", deflated(append(counts[:0:0], counts[0], 0)), "read part: "},
		{"cut", good[:len(good)/2], "read part: unexpected EOF"},
		{"too long", deflated(append(bytes.Clone(counts), 0)), "bytes are left"},
		{"a bomb", deflated(make([]byte, 65<<20)), "read part: more than 67108864 bytes"},
	} {
		if err := r.accept(t, good, tc.bytes); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", tc.name, err, tc.want)
		}
	}
	other := *r
	other.cfg.Seed++
	if err := other.accept(t, good, good); err == nil || !strings.Contains(err.Error(), "of another run") {
		t.Errorf("a part of another run: %v", err)
	}
}

func FuzzReadPart(f *testing.F) {
	r, good := small(f)
	f.Add(good)
	f.Add(inflated(f, good))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = r.accept(t, good, b)
		_ = r.accept(t, good, deflated(b))
	})
}

// TestSlowAgent: an agent that is too slow makes the run void by name, however many
// others are in time.
func TestSlowAgent(t *testing.T) {
	var sum *record.Part
	for i, late := range []time.Duration{0, 400 * time.Millisecond, 0} {
		c, err := record.New(record.Config{Mode: reports.ModeRun, Duration: time.Minute, TargetDuration: 4 * time.Second, Agent: string(rune('a' + i))})
		if err != nil {
			t.Fatal(err)
		}
		s := c.Join(0, record.SessionInfo{Player: uint64(i)})
		s.Add(&player.Sample{Type: player.Started, At: time.Second, Duration: time.Second}, nil)
		n := 1000
		if late > 0 {
			n = 10
		}
		for k := range n {
			due := time.Second + time.Duration(k)*time.Millisecond
			s.Add(&player.Sample{Type: player.Answered, Kind: m3u8.KindSegment, Status: 200, Due: due, Sent: due + late, FirstByte: due + late, At: due + late}, nil)
		}
		p := c.Finish(time.Minute)
		if sum == nil {
			sum = p
		} else if err := sum.Merge(p); err != nil {
			t.Fatal(err)
		}
	}
	s := measure.Derive(sum, measure.End{At: time.Minute}).Summary
	if s.ExitCode != reports.ExitTester || !strings.Contains(s.VoidReason, "agent b was too slow") || s.Tester.LagMs.P99 > 100 {
		t.Errorf("exit code %d, %q, p99 of all %v ms; want %d, agent b, at most 100", s.ExitCode, s.VoidReason, s.Tester.LagMs.P99, reports.ExitTester)
	}
}

// FuzzJudge judges readings that may be hostile.
func FuzzJudge(f *testing.F) {
	cfg := record.Config{Mode: reports.ModeRun, Duration: time.Minute, TargetDuration: 4 * time.Second, Cohorts: []record.Cohort{{Name: "web"}}, Stop: stops(f)}
	c, err := record.New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	s := c.Join(0, record.SessionInfo{})
	s.Add(&player.Sample{Type: player.Started, At: time.Second, Duration: time.Second}, nil)
	s.Add(&player.Sample{Type: player.StallStart, At: 2 * time.Second}, nil)
	s.Add(&player.Sample{Type: player.StallEnd, At: 6 * time.Second}, nil)
	good := measure.ReadStops(c, 7*time.Second)
	f.Add([]byte(nil))
	f.Add(reports.AppendCounts(nil, &good))
	some := good[:3]
	f.Add(reports.AppendCounts(nil, &some))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r measure.StopReading
		if err := reports.ReadCounts(b, 8<<20, &r); err != nil {
			return
		}
		judge := measure.NewStops(c, nil)
		for second := range 3 { // counts may go up and down
			sum := measure.ReadStops(c, 7*time.Second)
			if second == 1 {
				sum.Add(r)
			}
			judge.Judge(time.Duration(7+second)*time.Second, sum)
			judge.Judge(time.Duration(7+second)*time.Second, r)
		}
	})
}
