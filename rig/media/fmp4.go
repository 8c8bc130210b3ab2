package media

// Fragmented MP4, ISO/IEC 14496-12. A segment is one fragment (moof, mdat) per
// GOP, each with its share of the padding in a free box behind it. That is a
// chain of chunks in the sense of CMAF (ISO/IEC 23000-19 section 7.3.3.2).

const (
	trackVideo = 1
	trackAudio = 2

	// Sample flags, section 8.8.3.1.
	flagsSync    = 0x02000000 // depends on no other sample
	flagsNotSync = 0x01010000

	stypSize = 24
	mfhdSize = 16
	tfhdSize = 24
	tfdtSize = 20
	trunSize = 20 // without the sizes of the samples and without first_sample_flags
)

// Init returns the initialization segment of f: the Media Initialization Section
// of RFC 8216 section 3.3. It is empty for transport streams.
func Init(f Format) []byte {
	if f.Container != FMP4 || !f.Video && !f.Audio {
		return nil
	}
	w := new(boxes)
	w.box("ftyp", func() {
		w.str("iso6")
		w.u32(0)
		w.str("iso6cmfcmp41")
	})
	w.box("moov", func() {
		w.full("mvhd", 0, 0, func() {
			w.u32(0, 0, 1000, 0) // made, changed, timescale, duration
			w.u32(0x10000)       // rate 1
			w.u16(0x100, 0)      // volume 1
			w.u32(0, 0)
			w.matrix()
			w.u32(0, 0, 0, 0, 0, 0)
			w.u32(trackAudio + 1) // next track
		})
		if f.Video {
			w.videoTrack(loopFor(f))
		}
		if f.Audio {
			w.audioTrack(audio())
		}
		w.box("mvex", func() {
			if f.Video {
				w.trex(trackVideo, frameTicks, flagsNotSync)
			}
			if f.Audio {
				w.trex(trackAudio, frameSamples, flagsSync)
			}
		})
	})
	return w.b
}

func (w *boxes) matrix() {
	w.u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
}

func (w *boxes) trex(track, duration, flags uint32) {
	w.full("trex", 0, 0, func() { w.u32(track, 1, duration, 0, flags) })
}

func (w *boxes) videoTrack(v *videoLoop) {
	width, height := uint32(v.width), uint32(v.height)
	w.track(trackVideo, 0, width, height, 90000, "vide", "video", func() {
		w.full("vmhd", 0, 1, func() { w.u16(0, 0, 0, 0) })
	}, func() {
		w.box("avc1", func() {
			w.u8(0, 0, 0, 0, 0, 0)
			w.u16(1) // data reference
			w.u32(0, 0, 0, 0)
			w.u16(uint16(width), uint16(height))
			w.u32(0x480000, 0x480000, 0) // 72 dpi
			w.u16(1)                     // a picture a sample
			w.b = append(w.b, zeros[:32]...)
			w.u16(24, 0xffff)
			w.box("avcC", func() { // ISO/IEC 14496-15 section 5.3.3.1
				w.u8(1, v.sps[1], v.sps[2], v.sps[3], 0xff, 0xe1)
				w.u16(uint16(len(v.sps)))
				w.u8(v.sps...)
				w.u8(1)
				w.u16(uint16(len(v.pps)))
				w.u8(v.pps...)
			})
		})
	})
}

func (w *boxes) audioTrack(a *audioLoop) {
	w.track(trackAudio, 0x100, 0, 0, SampleRate, "soun", "audio", func() {
		w.full("smhd", 0, 0, func() { w.u32(0) })
	}, func() {
		w.box("mp4a", func() {
			w.u8(0, 0, 0, 0, 0, 0)
			w.u16(1)
			w.u32(0, 0)
			w.u16(2, 16, 0, 0)
			w.u32(SampleRate << 16)
			w.full("esds", 0, 0, func() { // ISO/IEC 14496-1 section 7.2.6.5
				w.u8(3, 25, 0, 0, 0)                                     // ES_Descriptor
				w.u8(4, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // DecoderConfigDescriptor, AAC
				w.u8(5, 2, a.config[0], a.config[1])
				w.u8(6, 1, 2) // SLConfigDescriptor
			})
		})
	})
}

// track writes a trak box without samples.
func (w *boxes) track(id uint32, volume uint16, width, height, timescale uint32, handler, name string, header, entry func()) {
	w.box("trak", func() {
		w.full("tkhd", 0, 3, func() { // enabled, in movie
			w.u32(0, 0, id, 0, 0, 0, 0)
			w.u16(0, 0, volume, 0)
			w.matrix()
			w.u32(width<<16, height<<16)
		})
		w.box("mdia", func() {
			w.full("mdhd", 0, 0, func() {
				w.u32(0, 0, timescale, 0)
				w.u16(0x55c4, 0) // language und
			})
			w.full("hdlr", 0, 0, func() {
				w.u32(0)
				w.str(handler)
				w.u32(0, 0, 0)
				w.str(name + "\x00")
			})
			w.box("minf", func() {
				header()
				w.box("dinf", func() {
					w.full("dref", 0, 0, func() {
						w.u32(1)
						w.full("url ", 0, 1, func() {})
					})
				})
				w.box("stbl", func() {
					w.full("stsd", 0, 0, func() {
						w.u32(1)
						entry()
					})
					w.full("stts", 0, 0, func() { w.u32(0) })
					w.full("stsc", 0, 0, func() { w.u32(0) })
					w.full("stsz", 0, 0, func() { w.u32(0, 0) })
					w.full("stco", 0, 0, func() { w.u32(0) })
				})
			})
		})
	})
}

// contentFMP4 returns the length in bytes of GOPs from to to without padding.
func contentFMP4(f Format, v *videoLoop, from, to int64) int64 {
	n := int64(stypSize)
	for g := from; g < to; g++ {
		n += int64(moofSize(f, g)) + smallestBox + int64(mdatSize(f, v, g))
	}
	return n
}

func moofSize(f Format, g int64) int {
	const traf = smallestBox + tfhdSize + tfdtSize + trunSize
	n := smallestBox + mfhdSize
	if f.Video {
		n += traf + 4 + 4*gopFrames
	}
	if f.Audio {
		n += traf + 4*int(firstAudio(g+1)-firstAudio(g))
	}
	return n
}

// mdatSize returns the length in bytes of the samples of GOP g.
func mdatSize(f Format, v *videoLoop, g int64) int {
	n := 0
	if f.Video {
		n += len(v.gops[g%loopGOPs].samples)
	}
	if f.Audio {
		n += len(audioSamples(g))
	}
	return n
}

func audioSamples(g int64) []byte {
	a := audio()
	return a.raw[a.rawOff[firstAudio(g%loopGOPs)]:a.rawOff[firstAudio(g%loopGOPs+1)]]
}

func appendFMP4(dst []byte, f Format, v *videoLoop, from, to, size int64) []byte {
	start := len(dst)
	pad := padding{size: size, left: size - contentFMP4(f, v, from, to), parts: to - from, unit: 1, least: smallestBox}
	w := &boxes{dst}
	w.box("styp", func() {
		w.str("msdh")
		w.u32(0)
		w.str("msdhiso6")
	})
	for g := from; g < to; g++ {
		w.fragment(f, v, g)
		if n := pad.after(int64(len(w.b) - start)); n > 0 {
			w.free(n)
		}
	}
	return w.b
}

// fragment writes moof and mdat of GOP g.
func (w *boxes) fragment(f Format, v *videoLoop, g int64) {
	offset := uint32(moofSize(f, g) + smallestBox) // of the next samples, from the moof
	w.box("moof", func() {
		w.full("mfhd", 0, 0, func() { w.u32(uint32(g + 1)) })
		if f.Video {
			p := &v.gops[g%loopGOPs]
			w.box("traf", func() {
				w.trackFragment(trackVideo, frameTicks, flagsNotSync, uint64(g*gopTicks))
				// Data offset, flags of the first sample, sizes.
				w.full("trun", 0, 0x205, func() {
					w.u32(gopFrames, offset, flagsSync)
					w.u32(p.sizes[:]...)
				})
			})
			offset += uint32(len(p.samples))
		}
		if f.Audio {
			a := audio()
			w.box("traf", func() {
				w.trackFragment(trackAudio, frameSamples, flagsSync, uint64(firstAudio(g)*frameSamples))
				w.full("trun", 0, 0x201, func() {
					from, to := firstAudio(g%loopGOPs), firstAudio(g%loopGOPs+1)
					w.u32(uint32(to-from), offset)
					for i := from; i < to; i++ {
						w.u32(uint32(a.rawOff[i+1] - a.rawOff[i]))
					}
				})
			})
		}
	})
	w.box("mdat", func() {
		if f.Video {
			w.b = append(w.b, v.gops[g%loopGOPs].samples...)
		}
		if f.Audio {
			w.b = append(w.b, audioSamples(g)...)
		}
	})
}

func (w *boxes) trackFragment(track, duration, flags uint32, decodeTime uint64) {
	// Offsets count from the moof; default duration and flags.
	w.full("tfhd", 0, 0x020028, func() { w.u32(track, duration, flags) })
	w.full("tfdt", 1, 0, func() { w.u64(decodeTime) })
}
