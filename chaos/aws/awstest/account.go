// Package awstest is a small AWS account for tests: the operations that the
// drivers use, with their state, errors, delays and wire formats, as far as
// the public documentation and the SDK tell them. It is not AWS; docs/aws.md
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
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
	name  string
	serve func(*call)
	state func(w io.Writer) // what must be as it was after an undo
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
	a       *Account
	r       *http.Request
	body    []byte
	now     time.Time
	service string
	op      string // set by the service
	mutates bool
	// resource is the ARN of what it is about, as policies name it; set by some
	// services.
	resource string
	w        *httptest.ResponseRecorder
}

// operation says what the request is, and reports whether it is to be carried
// out; a mishap may have been ordered instead.
func (c *call) operation(op string, mutates bool) bool {
	c.op, c.mutates = op, mutates
	req := Request{Service: c.service, Op: op, Mutates: mutates, N: len(c.a.requests), Query: c.r.URL.RawQuery, Body: string(c.body), Resource: c.resource}
	c.a.requests = append(c.a.requests, req)
	if c.a.Mishap == nil {
		return true
	}
	switch c.a.Mishap(req) {
	case Throttled:
		c.fail(http.StatusTooManyRequests, c.throttling(), "Rate exceeded")
	case Unavailable:
		c.fail(http.StatusInternalServerError, "InternalServerErrorException", "Internal error")
	case Denied:
		c.fail(http.StatusForbidden, c.denial(), "User is not authorized to perform: "+c.service+":"+op)
	case Expired:
		c.fail(http.StatusForbidden, "ExpiredToken", "The provided token has expired.")
	case Unsent:
		panic(ErrBroken)
	case Unanswered:
		c.w.Header().Set(lost, "1")
		return true
	default:
		return true
	}
	return false
}

// lost marks an answer that must not arrive.
const lost = "X-Emulate-Lost"

func (c *call) throttling() string {
	switch c.service {
	case "s3":
		return "SlowDown"
	case "cloudfront":
		return "Throttling"
	}
	return "TooManyRequestsException"
}

// invalid is the service's name of the error that a request is not valid.
func (c *call) invalid() string {
	switch c.service {
	case "lambda":
		return "InvalidParameterValueException"
	case "mediapackagev2", "scheduler", "fis":
		return "ValidationException"
	}
	return "BadRequestException"
}

func (c *call) denial() string {
	if c.service == "s3" || c.service == "cloudfront" {
		return "AccessDenied"
	}
	return "AccessDeniedException"
}

// fail answers with an error as the service words it.
func (c *call) fail(status int, code, message string) {
	if c.service == "s3" {
		c.w.Header().Set("Content-Type", "application/xml")
		c.w.WriteHeader(status)
		if c.r.Method != http.MethodHead {
			fmt.Fprintf(c.w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, escape(message))
		}
		return
	}
	if c.r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		c.w.Header().Set("Content-Type", "application/cbor")
		c.w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		c.w.WriteHeader(status)
		_, _ = c.w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message)}))
		return
	}
	if c.service == "cloudfront" {
		c.w.Header().Set("Content-Type", "text/xml")
		c.w.WriteHeader(status)
		fmt.Fprintf(c.w, `<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code, escape(message))
		return
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set("X-Amzn-ErrorType", code)
	c.w.WriteHeader(status)
	_ = json.NewEncoder(c.w).Encode(map[string]string{"message": message, "Message": message})
}

// decode reads the body's JSON, or answers that the request is not valid.
func (c *call) decode(v any) bool {
	err := json.Unmarshal(c.body, v)
	if err != nil {
		c.fail(http.StatusBadRequest, c.invalid(), err.Error())
	}
	return err == nil
}

// json answers with a JSON value.
func (c *call) json(status int, v any) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_ = json.NewEncoder(c.w).Encode(v)
}

// scope is in the Authorization header: date, region, service.
var scope = regexp.MustCompile(`Credential=[^/]+/[0-9]{8}/([^/]+)/([^/]+)/aws4_request`)

func (a *Account) services() []service {
	return []service{
		{"medialive", a.serveMediaLive, a.mediaLiveState},
		{"s3", a.serveS3, a.s3State},
		{"lambda", a.serveLambda, a.lambdaState},
		{"cloudfront", a.serveCloudFront, a.cloudFrontState},
		{"mediapackagev2", a.serveMediaPackage, a.mediaPackageState},
		{"mediaconnect", a.serveMediaConnect, a.mediaConnectState},
		{"scheduler", a.serveScheduler, a.schedulerState},
		{"sts", a.serveSTS, nil},
		{"fis", a.serveFIS, a.fisState},
		{"monitoring", a.serveCloudWatch, nil},
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
	defer func() {
		if p := recover(); p == ErrBroken {
			err = ErrBroken
		} else if p != nil {
			panic(p)
		}
	}()
	c := &call{a: a, r: r, body: body, now: a.Now(), w: httptest.NewRecorder()}
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if signed == nil && a.views(c) {
		return c.w, nil
	}
	if signed == nil {
		c.service = "s3"
		c.fail(http.StatusForbidden, "AccessDenied", "not signed")
		return c.w, nil
	}
	c.service = signed[2]
	c.w.Header().Set("Date", c.now.Add(a.Skew).UTC().Format(http.TimeFormat))
	a.advance(c.now)
	all := a.services()
	i := slices.IndexFunc(all, func(s service) bool { return s.name == c.service })
	if i < 0 {
		c.fail(http.StatusNotImplemented, "NotImplemented", "not emulated: "+c.service)
		return c.w, nil
	}
	all[i].serve(c)
	if c.op == "" {
		c.fail(http.StatusNotImplemented, "NotImplemented", fmt.Sprintf("not emulated: %s %s %s", c.service, r.Method, r.URL))
	}
	if c.w.Header().Get(lost) != "" {
		return nil, ErrBroken
	}
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

// advance lets pass what happens by itself until now: encoders write, and what
// was changed reaches the edges.
func (a *Account) advance(now time.Time) {
	a.runSchedules(now)
	for _, ch := range a.sorted() {
		ch.advance(now)
	}
	for _, f := range a.functions {
		f.invalidate(a, now)
	}
	for _, d := range a.distributions {
		d.advance(now)
	}
}

func (a *Account) serveSTS(c *call) {
	if !c.operation("GetCallerIdentity", false) {
		return
	}
	c.w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(c.w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%s</Arn><UserId>AROAEXAMPLE:session</UserId><Account>%s</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, escape(a.Caller), a.ID)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
