// Package awstest is a small AWS account for tests: the operations that the
// drivers use, with their state, errors, delays and wire formats, as far as
// the public documentation and the SDK show them. It is not AWS; docs/aws.md
// says which facts only a real account can settle.
//
// Start with [New]. An [Account] is an [http.RoundTripper] for the SDK's
// client, without sockets, and an [http.Handler] for a program that is pointed
// to it by AWS_ENDPOINT_URL. Time is the caller's. [Account.Mishap] makes
// requests fail, before or after they were carried out, and [Account.State] is
// what must be as it was when everything has been undone.
package awstest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Account is an account in one region.
type Account struct {
	ID, Region string
	// Caller is the ARN of the role that the requests are made by.
	Caller string
	Now    func() time.Time
	// Mishap is asked about every request; nil = all goes well.
	Mishap func(Request) Mishap
	// Skew is how far the account's clock is ahead of Now, as far as answers say.
	Skew time.Duration
	// Delay is how long changes take to have an effect: a schedule, a policy.
	Delay time.Duration
	// Lag is how long what was changed does not show in answers: policies,
	// schedules and tags are eventually consistent.
	Lag time.Duration

	mu            sync.Mutex
	requests      []Request
	channels      map[string]*Channel
	buckets       map[string]*Bucket
	functions     map[string]*Function
	distributions map[string]*Distribution
	packagers     map[string]*Packager
	flows         map[string]*Flow
	schedules     map[string]schedule
	ran           []string // schedules
	monitoring    monitoring
	faults        experiments
	limits        quotas
}

// Request is one request, as logged.
type Request struct {
	Service, Op string
	Mutates     bool
	N           int // of all requests, from 0
	Query, Body string
	Resource    string // ARN of what it is about; "" = not known here
}

// Mishap is what goes wrong with a request.
type Mishap uint8

// The mishaps.
const (
	Nothing     Mishap = iota
	Throttled          // refused: too many requests
	Unavailable        // refused: internal error
	Denied             // refused: not allowed
	Expired            // refused: the credentials are too old
	Unsent             // the connection broke before the request arrived
	Unanswered         // it was carried out, then the connection broke
)

// ErrBroken is what a broken connection gives.
var ErrBroken = errors.New("emulate: connection broke")

// service is one service of the account. Requests are told apart by the name
// that they are signed for.
type service struct {
	name       string
	operations []operation       // the first that a request fits is carried out
	state      func(w io.Writer) // what must be as it was after an undo
}

// operation is one operation of a service. Its answer is a value that becomes
// JSON, a [document], a [cbor.Map], bytes, or nil: nothing; an error is a [refusal].
type operation struct {
	route, name string // as in "GET /tags/{arn}", and as the documentation has it
	serve       func(*call) (any, error)
}

// document is an answer in XML.
type document string

// refusal is an error that a service answers with.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// on looks up what a request is about before it is served.
func on[T any](find func(*call) (T, error), serve func(T, *call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		t, err := find(c)
		if err != nil {
			return nil, err
		}
		return serve(t, c)
	}
}

// New returns an empty account. now = nil is the system's clock.
func New(now func() time.Time) *Account {
	if now == nil {
		now = time.Now
	}
	return &Account{
		ID: "123456789012", Region: "eu-west-1", Caller: "arn:aws:sts::123456789012:assumed-role/tester/session", Now: now,
		channels: map[string]*Channel{}, buckets: map[string]*Bucket{}, functions: map[string]*Function{},
		distributions: map[string]*Distribution{}, packagers: map[string]*Packager{}, flows: map[string]*Flow{}, schedules: map[string]schedule{},
		faults: experiments{lever: "disengaged", templates: map[string]*template{}, running: map[string]*experiment{}, tokens: map[string]string{}},
	}
}

// call is a request that is being carried out, under the account's lock.
type call struct {
	a        *Account
	r        *http.Request
	body     []byte
	now      time.Time
	service  string
	action   string            // what S3 allows it by
	resource string            // ARN of what it is about, as policies name it; set by some services
	at       map[string]string // what the path has where the route has braces
	w        *httptest.ResponseRecorder
}

// fits reports whether the request goes to a route. A name after ? is that of
// a parameter or a header that must be there. Braces with ... take the rest of
// the path.
func (c *call) fits(route string) bool {
	method, route, _ := strings.Cut(route, " ")
	route, must, _ := strings.Cut(route, "?")
	name, value, _ := strings.Cut(must, "=")
	given := c.r.URL.Query().Get(name)
	if method != c.r.Method || must != "" && !c.r.URL.Query().Has(name) && c.r.Header.Get(name) == "" || value != "" && given != value {
		return false
	}
	c.at = map[string]string{}
	want, most := strings.Split(route, "/"), -1
	if strings.HasSuffix(route, "...}") {
		most = len(want)
	}
	got := strings.SplitN(strings.TrimRight(c.path(), "/"), "/", most)
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		text, err := url.PathUnescape(got[i])
		if name, ok := strings.CutPrefix(w, "{"); ok && text != "" && err == nil {
			c.at[strings.TrimRight(name, ".}")] = text
		} else if text != w {
			return false
		}
	}
	return true
}

// path is that of the request; the host may name a bucket.
func (c *call) path() string {
	host := c.r.Host
	if host == "" {
		host = c.r.URL.Host
	}
	if bucket, _, ok := strings.Cut(host, ".s3."); ok {
		return "/" + bucket + c.r.URL.EscapedPath()
	}
	return c.r.URL.EscapedPath()
}

// carryOut answers the request, unless a mishap was ordered.
func (c *call) carryOut(op *operation) (any, error) {
	n := len(c.a.requests)
	req := Request{Service: c.service, Op: op.name, Mutates: c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && c.service != "sts" && c.service != "monitoring" && c.service != "servicequotas",
		N: n, Query: c.r.URL.RawQuery, Body: string(c.body)}
	c.a.requests = append(c.a.requests, req)
	mishap := Nothing
	if c.a.Mishap != nil {
		mishap = c.a.Mishap(req)
	}
	throttled, _, denied := c.words()
	switch mishap {
	case Throttled:
		return nil, refuse(http.StatusTooManyRequests, throttled, "Rate exceeded")
	case Unavailable:
		return nil, refuse(http.StatusInternalServerError, "InternalServerErrorException", "Internal error")
	case Denied:
		return nil, refuse(http.StatusForbidden, denied, "User is not authorized to perform: %s:%s", c.service, op.name)
	case Expired:
		return nil, refuse(http.StatusForbidden, "ExpiredToken", "The provided token has expired.")
	case Unsent:
		return nil, ErrBroken
	}
	out, err := op.serve(c)
	c.a.requests[n].Resource = c.resource
	if mishap == Unanswered {
		return nil, ErrBroken
	}
	return out, err
}

// words are the service's names of three errors.
func (c *call) words() (throttled, invalid, denied string) {
	throttled, invalid, denied = "TooManyRequestsException", "BadRequestException", "AccessDeniedException"
	switch c.service {
	case "s3":
		throttled, denied = "SlowDown", "AccessDenied"
	case "cloudfront":
		throttled, denied = "Throttling", "AccessDenied"
	case "lambda":
		invalid = "InvalidParameterValueException"
	case "mediapackagev2", "scheduler", "fis":
		invalid = "ValidationException"
	}
	return throttled, invalid, denied
}

// fail answers with an error as the service words it.
func (c *call) fail(r *refusal) {
	switch {
	case c.service == "s3" && c.r.Method == http.MethodHead:
		c.w.WriteHeader(r.status)
	case c.service == "s3":
		c.write(r.status, "application/xml", fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message></Error>", r.code, escape(r.message)))
	case c.r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		c.cbor(r.status, cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + r.code), "message": cbor.String(r.message)})
	case c.service == "cloudfront":
		c.write(r.status, "text/xml", fmt.Sprintf(`<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, r.code, escape(r.message)))
	default:
		c.w.Header().Set("X-Amzn-ErrorType", r.code)
		c.json(r.status, map[string]string{"message": r.message, "Message": r.message})
	}
}

func (c *call) write(status int, kind, body string) {
	c.w.Header().Set("Content-Type", kind)
	c.w.WriteHeader(status)
	_, _ = io.WriteString(c.w, body)
}

func (c *call) json(status int, v any) {
	text, _ := json.Marshal(v) // maps, lists and texts
	c.write(status, "application/json", string(text))
}

func (c *call) cbor(status int, v cbor.Map) {
	c.w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	c.write(status, "application/cbor", string(cbor.Encode(v)))
}

// answer writes what an operation has answered.
func (c *call) answer(out any, err error) {
	var r *refusal
	if errors.As(err, &r) {
		c.fail(r)
		return
	}
	switch v := out.(type) {
	case nil:
		c.w.WriteHeader(http.StatusNoContent)
	case document:
		c.write(http.StatusOK, "text/xml", xml.Header+string(v))
	case cbor.Map:
		c.cbor(http.StatusOK, v)
	case []byte: // its header is written
		_, _ = c.w.Write(v)
	default:
		c.json(http.StatusOK, v)
	}
}

// invalid says that the request is not valid.
func (c *call) invalid(format string, args ...any) error {
	_, code, _ := c.words()
	return refuse(http.StatusBadRequest, code, format, args...)
}

// decode reads the body's JSON; the error is that the request is not valid.
func (c *call) decode(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return c.invalid("%v", err)
	}
	return nil
}

// scope is in the Authorization header: date, region, service.
var scope = regexp.MustCompile(`Credential=[^/]+/[0-9]{8}/([^/]+)/([^/]+)/aws4_request`)

func (a *Account) services() []service {
	return []service{
		{"medialive", a.mediaLive(), a.mediaLiveState},
		{"s3", a.s3(), a.s3State},
		{"lambda", a.lambda(), a.lambdaState},
		{"cloudfront", a.cloudFront(), a.cloudFrontState},
		{"mediapackagev2", a.mediaPackage(), a.mediaPackageState},
		{"mediaconnect", a.mediaConnect(), a.mediaConnectState},
		{"scheduler", a.scheduler(), a.schedulerState},
		{"sts", []operation{{"POST ", "GetCallerIdentity", a.callerIdentity}}, nil},
		{"fis", a.fis(), a.fisState},
		{"monitoring", a.cloudWatch(), nil},
		{"servicequotas", a.serviceQuotas(), nil},
	}
}

// handle carries out one request.
func (a *Account) handle(r *http.Request) (w *httptest.ResponseRecorder, err error) {
	var body []byte
	if r.Body != nil {
		body, err = io.ReadAll(io.LimitReader(r.Body, 8<<20))
		r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := &call{a: a, r: r, body: body, now: a.Now(), w: httptest.NewRecorder()}
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if signed == nil {
		c.service = "s3"
		if !a.views(c) {
			c.fail(&refusal{http.StatusForbidden, "AccessDenied", "not signed"})
		}
		return c.w, nil
	}
	c.service = signed[2]
	c.w.Header().Set("Date", c.now.Add(a.Skew).UTC().Format(http.TimeFormat))
	a.advance(c.now)
	for _, s := range a.services() {
		for i := range s.operations {
			if s.name == c.service && c.fits(s.operations[i].route) {
				out, err := c.carryOut(&s.operations[i])
				if err == ErrBroken {
					return nil, err
				}
				c.answer(out, err)
				return c.w, nil
			}
		}
	}
	c.fail(&refusal{http.StatusNotImplemented, "NotImplemented", fmt.Sprintf("not emulated: %s %s %s", c.service, r.Method, r.URL)})
	return c.w, nil
}

// RoundTrip implements [http.RoundTripper].
func (a *Account) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w, err := a.handle(r)
	if err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

// ServeHTTP implements [http.Handler].
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	res, err := a.handle(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for k, v := range res.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(res.Code)
	_, _ = w.Write(res.Body.Bytes())
}

// Do does something with the account as it is now, while no request is being
// carried out.
func (a *Account) Do(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.advance(a.Now())
	f()
}

// Requests are all requests so far.
func (a *Account) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// State is what must be as it was when everything has been undone, as a text:
// what is set, not what an encoder has written meanwhile.
func (a *Account) State() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.advance(a.Now())
	var b bytes.Buffer
	for _, s := range a.services() {
		if s.state != nil {
			s.state(&b)
		}
	}
	return b.String()
}

// advance does what happens by itself until now: schedules run, encoders
// write, and functions act.
func (a *Account) advance(now time.Time) {
	a.runSchedules(now)
	for _, ch := range a.sorted() {
		ch.advance(now)
	}
	for _, f := range a.functions {
		f.invalidate(a, now)
	}
}

func (a *Account) callerIdentity(*call) (any, error) {
	return document(fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%s</Arn><UserId>AROAEXAMPLE:session</UserId><Account>%s</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, escape(a.Caller), a.ID)), nil
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
