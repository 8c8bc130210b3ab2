package record

import (
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
)

func (s *Session) appended(sm *player.Sample) {
	if sm.Track == player.AudioTrack {
		s.demuxed = true
		return
	}
	s.buffered += max(0, sm.MediaDuration-sm.Repeated)
	s.listMedia(sm)
	if sm.Latency >= 0 {
		s.totals.Latency.Duration(sm.Latency)
		s.delayInWindow(windowedLatency, m3u8.Kinds, sm.At, sm.Latency)
	}
	if sm.Bitrate > 0 {
		switch {
		case s.bitrate == 0 || sm.Bitrate == s.bitrate:
		case sm.Bitrate > s.bitrate:
			s.totals.Up++
		default:
			s.totals.Down++
		}
		s.bitrate = sm.Bitrate
		s.totals.Bitrate.Record(sm.Bitrate)
		s.valueInWindow(windowedBitrate, m3u8.Kinds, sm.At, sm.Bitrate)
		s.totals.Media += sm.MediaDuration
		s.totals.Bits += sm.Bitrate * int64(sm.MediaDuration/time.Millisecond) / 1000
	}
	s.loading = sm.Pipeline
	s.moveTo(sm.Pipeline, sm.At)
}

// moveTo notes which pipeline the session watches.
func (s *Session) moveTo(pipeline int8, at time.Duration) {
	if pipeline == s.pipeline {
		return
	}
	row := s.shard.Rows.At(at)
	live := s.shard.Live.Pipeline
	if p := int(s.pipeline); p >= 0 && p < len(row.Pipeline) {
		row.Pipeline[p]--
		live[p]--
	}
	if p := int(pipeline); p >= 0 && p < len(row.Pipeline) {
		row.Pipeline[p]++
		live[p]++
	}
	s.pipeline = pipeline
}

// enter changes the state.
func (s *Session) enter(st state, at time.Duration) {
	row, live := s.shard.Rows.At(at), &s.shard.Live
	switch s.state {
	case joining:
		row.Joining--
		live.Joining--
	case playing:
		row.Playing--
		live.Playing--
		s.Group.OpenPlaying--
	case stalled:
		row.Stalled--
		live.Stalled--
		s.Group.OpenStalled--
	}
	switch st {
	case playing:
		row.Playing++
		live.Playing++
		s.Group.OpenPlaying++
	case stalled:
		row.Stalled++
		live.Stalled++
		s.Group.OpenStalled++
	}
	s.state, s.since = st, at
}

func (s *Session) start(sm *player.Sample) {
	if s.state != joining {
		return
	}
	s.started = true
	d := sm.Duration
	if d <= 0 {
		d = sm.At - s.joined
	}
	s.totals.Startup.Duration(d)
	s.listStart(d)
	s.delayInWindow(windowedStartup, m3u8.Kinds, sm.At, d)
	if !s.failed {
		s.inWindow(windowedStartupFailed, m3u8.Kinds, sm.At, 0, 1)
	}
	s.shard.c.startups.note(int(s.Group.Key.Cohort), d)
	s.shard.delays.started(sm.At, d)
	s.Group.Started++
	s.enter(playing, sm.At)
}

func (s *Session) stall(co *PhaseMap, at time.Duration) {
	if s.state != playing {
		return
	}
	s.enter(stalled, at)
	if !s.everStall {
		s.everStall = true
		s.Group.EverStalled++
	}
	s.markStalled(&co.Sets[co.Intervals[s.piece].Set])
	s.stalledUntil(at)
}

// markStalled notes in which phases of which faults the session stalled.
func (s *Session) markStalled(sp *PhaseSet) {
	s.stalls[Baseline] |= sp.Baseline
	s.stalls[During] |= sp.Fault
	s.stalls[recovery] |= sp.Recovery
	for p := range phases {
		s.stallsAny[p] = s.stallsAny[p] || sp.In(-1, p)
	}
}

func (s *Session) resume(sm *player.Sample) {
	if s.state != stalled {
		return
	}
	s.stallOver(sm.At)
	s.enter(playing, sm.At)
}

// stallOver records the stall that ends now in the span where it ends.
func (s *Session) stallOver(at time.Duration) {
	s.totals.Stall.Duration(at - s.since)
	s.listStall(at - s.since)
	s.delayInWindow(windowedStall, m3u8.Kinds, at, at-s.since)
}
