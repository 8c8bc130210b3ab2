package media

// MPEG transport stream, ISO/IEC 13818-1; section numbers below are of its 2019
// edition.
//
// Everything written for a GOP, continuity counters included, follows from the
// number of the GOP, because the number of packets per loop is fixed. Segments
// are runs of GOPs with null packets in between, so their counters continue.

const (
	packetSize = 188
	payload    = packetSize - 4

	pidPAT   = 0
	pidPMT   = 480
	pidVideo = 481
	pidAudio = 482
	pidNull  = 0x1fff

	pesHeader = 14 // with PTS, without DTS: there is no reordering
	pcrField  = 8  // adaptation field with a PCR

	// An audio PES packet carries several frames. Alone it also carries the
	// PCR, which has to come every 100 ms (2.7.2): 4 frames are 85 ms.
	framesBesideVideo = 6
	framesAlone       = 4

	gopTicks   = 45000 // 90 kHz
	frameTicks = gopTicks / gopFrames
	audioTicks = frameSamples * 90000 / SampleRate

	// pcrLead is how far the PCR runs before the PTS of what follows it: the
	// time a decoder has for the bytes of an IDR picture.
	pcrLead = 45000
	noPCR   = -1
)

// audioPackets says how the audio of each GOP of the loop is split into PES
// packets.
type audioPackets struct {
	frames int                  // in a PES packet, fewer in the last of a GOP
	before [loopGOPs + 1]int    // transport packets before GOP i
	pes    [loopGOPs][]frameRun // PES packets of GOP i
}

// frameRun is a run of audio frames, numbered within the loop.
type frameRun struct{ from, to int }

func packAudio(a *audioLoop, frames, field int) audioPackets {
	p := audioPackets{frames: frames}
	for g := range loopGOPs {
		end := int(firstAudio(int64(g) + 1))
		n := 0
		for i := int(firstAudio(int64(g))); i < end; i += frames {
			run := frameRun{i, min(i+frames, end)}
			p.pes[g] = append(p.pes[g], run)
			n += packetsFor(field, pesHeader+a.adtsOff[run.to]-a.adtsOff[run.from])
		}
		p.before[g+1] = p.before[g] + n
	}
	return p
}

// packetsFor returns how many packets carry n bytes of PES packet when the first
// has an adaptation field of that many bytes.
func packetsFor(field, n int) int {
	return (field + n + payload - 1) / payload
}

// packets returns how many packets the GOP's video takes.
func (g *gop) packets() int {
	n := 0
	for i, au := range g.annexB {
		n += packetsFor(videoField(i), pesHeader+len(au))
	}
	return n
}

// videoField is the size of the adaptation field before picture i of a GOP:
// every second one has a PCR, which makes one in 83 ms.
func videoField(i int) int {
	if i%2 == 0 {
		return pcrField
	}
	return 0
}

// contentTS returns the length in bytes of GOPs from to to without padding.
func contentTS(f Format, v *videoLoop, from, to int64) int64 {
	n := 2 * (to - from) // PAT and PMT
	if f.Video {
		n += packetsBetween(&v.before, from, to)
	}
	if f.Audio {
		n += packetsBetween(&audioFor(f).before, from, to)
	}
	return n * packetSize
}

// packetsBetween returns how many packets a stream has in GOPs from to to, where
// before counts them in one loop.
func packetsBetween(before *[loopGOPs + 1]int, from, to int64) int64 {
	return packetsBefore(before, to) - packetsBefore(before, from)
}

func packetsBefore(before *[loopGOPs + 1]int, g int64) int64 {
	return g/loopGOPs*int64(before[loopGOPs]) + int64(before[g%loopGOPs])
}

func audioFor(f Format) *audioPackets {
	if f.Video {
		return &audio().muxed
	}
	return &audio().alone
}

// tsWriter appends packets and keeps the continuity counters (2.4.3.3).
type tsWriter struct {
	dst                    []byte
	start                  int // of the segment in dst
	tables                 [2 * packetSize]byte
	videoCount, audioCount byte
	pad                    padding
}

func appendTS(dst []byte, f Format, v *videoLoop, from, to, size int64) []byte {
	w := tsWriter{dst: dst, start: len(dst), tables: tables(f)}
	w.pad = padding{size: size, left: size - contentTS(f, v, from, to), unit: packetSize, least: packetSize}
	var a *audioPackets
	if f.Audio {
		a = audioFor(f)
		w.audioCount = byte(packetsBefore(&a.before, from))
	}
	if !f.Video {
		for g := from; g < to; g++ {
			w.pad.parts += int64(len(a.pes[g%loopGOPs]))
		}
		for g := from; g < to; g++ {
			w.table(g)
			for i := range a.pes[g%loopGOPs] {
				w.audio(g, i, a, true)
				w.null()
			}
		}
		return w.dst
	}
	w.videoCount = byte(packetsBefore(&v.before, from))
	w.pad.parts = (to - from) * gopFrames
	for g := from; g < to; g++ {
		w.table(g)
		next := 0 // PES packet of audio
		for i := range gopFrames {
			w.video(g, i, v)
			// Audio follows the picture during which it begins.
			for a != nil && next < len(a.pes[g%loopGOPs]) && w.audioTime(g, next, a) < g*gopTicks+int64(i+1)*frameTicks {
				w.audio(g, next, a, false)
				next++
			}
			w.null()
		}
	}
	return w.dst
}

// table writes PAT and PMT, which begin every GOP: their counter is the GOP's.
func (w *tsWriter) table(g int64) {
	n := len(w.dst)
	w.dst = append(w.dst, w.tables[:]...)
	w.dst[n+3] |= byte(g) & 15
	w.dst[n+packetSize+3] |= byte(g) & 15
}

func (w *tsWriter) video(g int64, i int, v *videoLoop) {
	pts := g*gopTicks + int64(i)*frameTicks
	pcr := int64(noPCR)
	if videoField(i) > 0 {
		pcr = pts - pcrLead
	}
	w.pes(pidVideo, 0xe0, &w.videoCount, pts, pcr, i == 0, v.gops[g%loopGOPs].annexB[i])
}

// audioTime returns the media time in ticks of PES packet i of GOP g.
func (w *tsWriter) audioTime(g int64, i int, a *audioPackets) int64 {
	return (g/loopGOPs*audioFrames + int64(a.pes[g%loopGOPs][i].from)) * audioTicks
}

func (w *tsWriter) audio(g int64, i int, a *audioPackets, alone bool) {
	run := a.pes[g%loopGOPs][i]
	pts := w.audioTime(g, i, a)
	pcr := int64(noPCR)
	if alone {
		pcr = pts - pcrLead
	}
	l := audio()
	w.pes(pidAudio, 0xc0, &w.audioCount, pts, pcr, alone, l.adts[l.adtsOff[run.from]:l.adtsOff[run.to]])
}

// null pads with null packets (2.4.1) up to what is due by now.
func (w *tsWriter) null() {
	for n := w.pad.after(int64(len(w.dst) - w.start)); n > 0; {
		run := min(n, int64(len(nullPackets)))
		w.dst = append(w.dst, nullPackets[:run]...)
		n -= run
	}
}

// pes writes a PES packet (2.4.3.6) with its transport packets. random says that
// decoding can begin here; it is only marked where there is a PCR as well.
func (w *tsWriter) pes(pid uint16, stream byte, count *byte, pts, pcr int64, random bool, data []byte) {
	length := len(data) + pesHeader - 6
	if length > 0xffff {
		length = 0 // allowed for video only: up to the next packet
	}
	head := [pesHeader]byte{0, 0, 1, stream, byte(length >> 8), byte(length), 0x80, 0x80, 5,
		0x21 | byte(pts>>29)&0x0e, byte(pts >> 22), 1 | byte(pts>>14), byte(pts >> 7), 1 | byte(pts<<1)}
	if stream == 0xe0 {
		head[6] |= 4 // data_alignment_indicator: begins with an access unit
	}
	for first := true; first || len(data) > 0; first = false {
		field, fresh := 0, 0
		if first {
			fresh = pesHeader
			if pcr != noPCR {
				field = pcrField
			}
		}
		if n := fresh + len(data); n < payload-field {
			field = payload - n // stuffing
		}
		at := len(w.dst)
		w.dst = append(w.dst, nullPackets[:packetSize]...)
		p := w.dst[at : at+packetSize : at+packetSize]
		p[1], p[2], p[3] = byte(pid>>8), byte(pid), 0x10|*count&15
		*count++
		if field > 0 {
			p[3] |= 0x20
			p[4] = byte(field - 1)
			if field > 1 {
				p[5] = 0
			}
		}
		if first {
			p[1] |= 0x40
			if pcr != noPCR {
				p[5] = 0x10
				if random {
					p[5] |= 0x40
				}
				// 33 bits of 90 kHz, 6 reserved, 9 bits of 27 MHz.
				p[6], p[7], p[8], p[9] = byte(pcr>>25), byte(pcr>>17), byte(pcr>>9), byte(pcr>>1)
				p[10], p[11] = byte(pcr<<7)|0x7e, 0
			}
			copy(p[4+field:], head[:])
		}
		data = data[copy(p[4+field+fresh:], data):]
	}
}

// nullPackets is a run of null packets; its payload bytes are also the stuffing
// bytes of adaptation fields.
var nullPackets = func() (b [64 * packetSize]byte) {
	for i := range b {
		switch i % packetSize {
		case 0:
			b[i] = 0x47
		case 1:
			b[i] = pidNull >> 8
		case 3:
			b[i] = 0x10
		default:
			b[i] = 0xff
		}
	}
	return b
}()

// tables returns the packets of PAT (2.4.4.3) and PMT (2.4.4.8), counters 0.
func tables(f Format) (b [2 * packetSize]byte) {
	pat := []byte{0, 0xb0, 0, 0, 1, 0xc1, 0, 0,
		0, 1, 0xe0 | pidPMT>>8, pidPMT & 0xff}
	clock := pidVideo
	if !f.Video {
		clock = pidAudio
	}
	pmt := []byte{2, 0xb0, 0, 0, 1, 0xc1, 0, 0,
		0xe0 | byte(clock>>8), byte(clock), 0xf0, 0}
	if f.Video {
		pmt = append(pmt, 0x1b, 0xe0|pidVideo>>8, pidVideo&0xff, 0xf0, 0) // H.264
	}
	if f.Audio {
		pmt = append(pmt, 0x0f, 0xe0|pidAudio>>8, pidAudio&0xff, 0xf0, 0) // AAC in ADTS
	}
	section(b[:packetSize], pidPAT, pat)
	section(b[packetSize:], pidPMT, pmt)
	return b
}

// section fills packet p with a table section: its length and CRC are added.
func section(p []byte, pid uint16, s []byte) {
	s[2] = byte(len(s) + 4 - 3)
	crc := uint32(0xffffffff) // annex A: polynomial 04c11db7, not reflected
	for _, c := range s {
		crc ^= uint32(c) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	s = append(s, byte(crc>>24), byte(crc>>16), byte(crc>>8), byte(crc))
	copy(p, nullPackets[:packetSize])
	p[1], p[2], p[4] = 0x40|byte(pid>>8), byte(pid), 0 // pointer_field
	copy(p[5:], s)
}
