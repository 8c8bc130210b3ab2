package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hlsload/rig"
)

// store is the origin's S3 API, path style: /bucket/key, where the channel's
// bucket is "live". It knows GET, HEAD, PUT and DELETE of objects and
// ListObjectsV2. Signatures are not looked at.
type store struct {
	s *Server
	c *channel
}

func (o *store) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	open(h)
	j := o.s.job()
	defer o.s.release(j)
	query := req.URL.Query()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	for name := range query {
		if !known[name] && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			o.refuse(w, http.StatusNotImplemented)
			return
		}
	}
	switch {
	case key == "" && (req.Method == http.MethodGet || req.Method == http.MethodHead):
		o.list(w, req, bucket)
	case req.Method == http.MethodGet || req.Method == http.MethodHead:
		f := &j.flight
		f.Method, f.Path, f.Pop = req.Method, req.URL.Path, rig.AtOrigin
		f.Range = req.Header.Get("Range")
		f.IfMatch, f.IfNoneMatch, f.IfModifiedSince = req.Header.Get("If-Match"), req.Header.Get("If-None-Match"), req.Header.Get("If-Modified-Since")
		o.s.answer(w, req, o.c, j)
	case req.Method == http.MethodPut && key != "" && req.Header.Get("X-Amz-Copy-Source") == "":
		o.put(w, req, j)
	case req.Method == http.MethodDelete && key != "":
		o.change(w, req, j, &rig.Write{Path: req.URL.Path, Delete: true, IfMatch: req.Header.Get("If-Match")})
	case req.Method == http.MethodPut || req.Method == http.MethodPost:
		o.refuse(w, http.StatusNotImplemented)
	default:
		o.refuse(w, http.StatusMethodNotAllowed)
	}
}

// known are the query parameters that change nothing but a list. Others name
// sub-resources (acl, policy, versioning, uploads), which do not exist here.
var known = map[string]bool{"list-type": true, "prefix": true, "delimiter": true, "max-keys": true, "continuation-token": true,
	"start-after": true, "fetch-owner": true, "encoding-type": true, "x-id": true}

func (o *store) refuse(w http.ResponseWriter, status int) {
	body := rig.AppendErrorBody(nil, status)
	w.Header()["Content-Type"] = xmlType
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func (o *store) list(w http.ResponseWriter, req *http.Request, bucket string) {
	q := req.URL.Query()
	l := rig.List{Bucket: bucket, Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), After: max(q.Get("start-after"), q.Get("continuation-token"))}
	l.Max, _ = strconv.Atoi(q.Get("max-keys"))
	var body []byte
	var status int
	var latency time.Duration
	o.c.do(func(r *rig.Rig, now time.Duration) {
		body, status = r.List(now, &l)
		latency = r.Config().Origin.Latency
	})
	var j job
	if !j.until(req.Context(), latency) {
		panic(http.ErrAbortHandler)
	}
	w.Header()["Content-Type"] = xmlType
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if req.Method != http.MethodHead {
		w.Write(body)
	}
}

func (o *store) put(w http.ResponseWriter, req *http.Request, j *job) {
	var from io.Reader = http.MaxBytesReader(w, req.Body, 2*rig.MaxPut)
	if strings.HasPrefix(req.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		from = &chunks{r: bufio.NewReader(from)}
	}
	body, err := io.ReadAll(io.LimitReader(from, rig.MaxPut+1))
	switch {
	case len(body) > rig.MaxPut:
		o.refuse(w, http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		o.refuse(w, http.StatusBadRequest)
		return
	}
	o.change(w, req, j, &rig.Write{Path: req.URL.Path, Body: body, ContentType: req.Header.Get("Content-Type"), CacheControl: req.Header.Get("Cache-Control"),
		IfMatch: req.Header.Get("If-Match"), IfNoneMatch: req.Header.Get("If-None-Match")})
}

// change carries out a write.
func (o *store) change(w http.ResponseWriter, req *http.Request, j *job, write *rig.Write) {
	var out rig.Written
	o.c.do(func(r *rig.Rig, now time.Duration) { out = r.Write(now, write) })
	wait := out.Wait
	if out.Hang {
		wait = o.s.hang
	}
	if !j.until(req.Context(), wait) || out.Hang {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	if out.Marks != 0 {
		h.Set("Hlsload-Faults", strconv.FormatUint(uint64(out.Marks), 16))
	}
	if out.Status >= 300 {
		o.refuse(w, out.Status)
		return
	}
	if out.ETag != 0 {
		h.Set("Etag", string(rig.AppendETag(nil, out.ETag)))
	}
	w.WriteHeader(out.Status)
}

// chunks reads the aws-chunked coding of AWS SDKs: chunks with their length in
// hex, each with an optional signature behind a semicolon, and trailers, which
// are dropped.
type chunks struct {
	r    *bufio.Reader
	left int64
	end  bool
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.end {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.open(); err != nil {
			return 0, err
		}
		if c.end {
			io.Copy(io.Discard, c.r)
			return 0, io.EOF
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if c.left == 0 && err == nil {
		if line, e := c.line(); e != nil || line != "" {
			err = errors.New("aws-chunked: chunk without an end of line")
		}
	}
	return n, err
}

func (c *chunks) open() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("aws-chunked: length %q; want hex digits", size)
	}
	c.left, c.end = n, n == 0
	return nil
}

func (c *chunks) line() (string, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return "", fmt.Errorf("aws-chunked: %w", io.ErrUnexpectedEOF)
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}
