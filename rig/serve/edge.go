package serve

import (
	"context"
	"hash/fnv"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
)

// anyPop lets the client decide on the POP.
const anyPop = -1

// edge serves one POP, or all of them.
type edge struct {
	s   *Server
	c   *channel
	pop int
}

// job is what one request needs; jobs are used again.
type job struct {
	flight rig.Flight
	timer  *time.Timer
	buf    []byte
	values [16]string // one-element slices for the header map
}

// job takes one out of the pool.
func (s *Server) job() *job {
	if j, ok := s.jobs.Get().(*job); ok {
		return j
	}
	return new(job)
}

func (s *Server) release(j *job) {
	j.flight = rig.Flight{}
	s.jobs.Put(j)
}

// until waits, and reports whether it was not interrupted.
func (j *job) until(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	if j.timer == nil {
		j.timer = time.NewTimer(d)
	} else {
		j.timer.Reset(d)
	}
	select {
	case <-j.timer.C:
		return true
	case <-ctx.Done():
		j.timer.Stop()
		return false
	}
}

// Values of headers that never change. They are shared by all answers, so
// they must not be appended to.
var (
	star        = []string{"*"}
	bytesUnit   = []string{"bytes"}
	amazonS3    = []string{"AmazonS3"}
	gzipped     = []string{"gzip"}
	varyGzip    = []string{"Accept-Encoding"}
	xmlType     = []string{"application/xml"}
	xcaches     [4][]string
	contentType = map[string][]string{}
)

func init() {
	for x := rig.Miss; x <= rig.Error; x++ {
		xcaches[x] = []string{x.String()}
	}
	for _, t := range []string{"application/vnd.apple.mpegurl", "video/mp2t", "video/mp4", "audio/mp4", "application/octet-stream"} {
		contentType[t] = []string{t}
	}
}

var requestIDs atomic.Uint64

// open lets scripts of any page read everything, as a CDN set up for players
// does.
func open(h http.Header) {
	h["Access-Control-Allow-Origin"] = star
	h["Access-Control-Expose-Headers"] = star
	h["Timing-Allow-Origin"] = star
}

func (e *edge) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	open(h)
	if req.Method == http.MethodOptions {
		h["Access-Control-Allow-Methods"] = []string{"GET, HEAD, OPTIONS"}
		h["Access-Control-Allow-Headers"] = star
		h["Access-Control-Max-Age"] = []string{"86400"}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	j := e.s.job()
	defer e.s.release(j)
	f := &j.flight
	f.Method, f.Path, f.Pop = req.Method, req.URL.Path, e.pop
	f.Range = req.Header.Get("Range")
	f.IfNoneMatch, f.IfModifiedSince = req.Header.Get("If-None-Match"), req.Header.Get("If-Modified-Since")
	f.Gzip = accepts(req.Header, "gzip")
	f.Viewer, f.Issued, f.Cohort, f.HasViewer = viewerOf(req.Header.Get("Hlsload-Viewer"))
	if f.Pop == anyPop {
		f.Pop = e.c.popOf(req)
	}
	e.s.answer(w, req, e.c, j)
}

// viewerOf reads a Hlsload-Viewer header, which a fleet sends when the edge is to
// check tokens: the player's number, when its token was issued, in nanoseconds of
// the run's clock, and its cohort. A browser sends none.
func viewerOf(header string) (player uint64, issued time.Duration, cohort string, ok bool) {
	first, rest, _ := strings.Cut(header, " ")
	second, cohort, ok := strings.Cut(rest, " ")
	player, err := strconv.ParseUint(first, 10, 64)
	at, err2 := strconv.ParseInt(second, 10, 64)
	if !ok || err != nil || err2 != nil {
		return 0, 0, "", false
	}
	return player, time.Duration(at), cohort, true
}

// popOf chooses the POP of a request.
func (c *channel) popOf(req *http.Request) int {
	if n, err := strconv.Atoi(req.Header.Get("Hlsload-Pop")); err == nil && n >= 0 && n < len(c.pops) {
		return n
	}
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		host = req.RemoteAddr
	}
	h := fnv.New32a()
	h.Write([]byte(host))
	return int(h.Sum32() % uint32(len(c.pops)))
}

// noted is how long an answer must be held back for its faults to be told before
// it: no viewer gives up sooner.
const noted = time.Second

// hold tells a player of a fleet at once which faults hold its answer back, in an
// interim answer, because one that gives up waiting never sees the header of the
// answer. Only a fleet asks for that, with a Hlsload-Held header: other players get
// no interim answer, nor does HTTP/1.0, which has none.
func hold(w http.ResponseWriter, req *http.Request, m chaos.Marks) {
	if req.Header.Get("Hlsload-Held") == "" || !req.ProtoAtLeast(1, 1) {
		return
	}
	h := w.Header()
	h.Set("Hlsload-Faults", strconv.FormatUint(uint64(m), 16))
	w.WriteHeader(http.StatusEarlyHints) // net/http flushes it
	h.Del("Hlsload-Faults")
}

// answer carries a flight through: ask the rig, wait, write.
func (s *Server) answer(w http.ResponseWriter, req *http.Request, c *channel, j *job) {
	f := &j.flight
	ctx := req.Context()
	began := time.Now()
	c.lock.Lock()
	now := c.now()
	step := c.rig.Advance(now, f)
	c.lock.Unlock()
	if a := &f.Answer; a.Marks != 0 && (step.Hang || step.Wait >= noted) {
		hold(w, req, a.Marks)
	}
	wait := step.Wait - time.Since(began)
	if step.Hang {
		wait = s.hang
	}
	if arrived := j.until(ctx, wait); !arrived || step.Hang {
		if !arrived {
			c.do(func(r *rig.Rig, now time.Duration) { r.Abort(now, f) })
		}
		s.log.answered(req, c, f, "", began, time.Now(), time.Now(), false)
		panic(http.ErrAbortHandler)
	}
	first := time.Now()
	s.write(w, req, c, j)
	if s.log != nil {
		s.log.answered(req, c, f, w.Header().Get("X-Amz-Cf-Id"), began, first, time.Now(), true)
	}
}

// write sends the answer.
func (s *Server) write(w http.ResponseWriter, req *http.Request, c *channel, j *job) {
	f, a := &j.flight, &j.flight.Answer
	h := w.Header()
	var body []byte
	media := false
	switch {
	case a.Object == nil && a.Status >= 400:
		body = rig.AppendErrorBody(nil, a.Status)
		h["Content-Type"] = xmlType
	case a.Object != nil && a.Status != http.StatusNotModified:
		if a.Packed {
			body = a.Object.Packed()
		} else if f.Method != http.MethodHead {
			media = true
		}
		if t := contentType[a.Object.ContentType()]; t != nil {
			h["Content-Type"] = t
		} else {
			h.Set("Content-Type", a.Object.ContentType())
		}
	}
	s.head(h, c, j)
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(bodyTimeout))
	w.WriteHeader(a.Status)
	switch {
	case f.Method == http.MethodHead:
		return
	case !media:
		if a.Truncate {
			body = body[:len(body)/2]
		}
		if _, err := w.Write(body); err != nil {
			return // the client is gone
		}
	default:
		for p := range c.rig.Parts(a.Object, a.Offset, a.Bytes) {
			body := s.bodies.of(c.rig, p.Object)
			if int64(len(body)) < p.To {
				panic("rig: a body is shorter than its object says")
			}
			http.NewResponseController(w).SetWriteDeadline(time.Now().Add(bodyTimeout))
			if _, err := w.Write(body[p.From:p.To]); err != nil {
				return // the client is gone
			}
		}
	}
	if a.Truncate {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// head fills in the headers. Their values are parts of one string, and their
// slices parts of the job's array.
func (s *Server) head(h http.Header, c *channel, j *job) {
	f, a, b := &j.flight, &j.flight.Answer, j.buf[:0]
	type part struct {
		name string
		end  int
	}
	var parts [16]part
	n := 0
	add := func(name string) {
		parts[n] = part{name, len(b)}
		n++
	}
	if a.Status != http.StatusNotModified {
		b = strconv.AppendInt(b, a.Length, 10)
		add("Content-Length")
	}
	if o := a.Object; o != nil {
		if a.Packed {
			b = append(b, "W/"...)
		}
		b = rig.AppendETag(b, o.ETag)
		add("Etag")
		b = c.rig.AppendLastModified(b, o)
		add("Last-Modified")
		before := len(b)
		if b = o.AppendCacheControl(b); len(b) > before {
			add("Cache-Control")
		}
		h["Accept-Ranges"] = bytesUnit
		if a.Packed {
			h["Content-Encoding"] = gzipped
		}
		if o.IsPlaylist() {
			h["Vary"] = varyGzip
		}
	}
	if a.Status == http.StatusPartialContent || a.Status == http.StatusRequestedRangeNotSatisfiable {
		b = a.AppendContentRange(b)
		add("Content-Range")
	}
	if a.Marks != 0 {
		b = strconv.AppendUint(b, uint64(a.Marks), 16)
		add("Hlsload-Faults")
	}
	h["Server"] = amazonS3
	if f.Pop >= 0 {
		pop := c.pops[f.Pop]
		h["X-Cache"] = xcaches[a.XCache]
		if a.Cached {
			b = strconv.AppendInt(b, int64(a.Age/time.Second), 10)
			add("Age")
		}
		b = append(append(append(b, "1.1 "...), pop...), ".cloudfront.net (CloudFront)"...)
		add("Via")
		b = append(b, pop...)
		add("X-Amz-Cf-Pop")
		b = strconv.AppendUint(append(append(b, pop...), '-'), requestIDs.Add(1), 36)
		add("X-Amz-Cf-Id")
		b = a.AppendCacheStatus(b)
		add("Cache-Status")
		b = a.AppendServerTiming(b, pop)
		add("Server-Timing")
	} else {
		b = strconv.AppendUint(b, requestIDs.Add(1), 36)
		add("X-Amz-Request-Id")
	}
	j.buf = b
	all, from := string(b), 0
	for i, p := range parts[:n] {
		j.values[i] = all[from:p.end]
		h[p.name] = j.values[i : i+1 : i+1]
		from = p.end
	}
}

// accepts reports whether a coding is acceptable. A weight of 0 is looked for, no
// other is compared.
func accepts(h http.Header, coding string) bool {
	for part := range strings.SplitSeq(h.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q := strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return params == "" || err == nil && weight > 0
	}
	return false
}
