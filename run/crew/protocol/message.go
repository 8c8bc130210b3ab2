package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Head is part of every message.
type Head struct {
	V   string `json:"v"`
	Run string `json:"run"`           // the instance; "" in a join, and in a halt from outside
	Gen uint64 `json:"gen,omitempty"` // of the agent; 0 in what goes to all
	Seq uint64 `json:"seq"`
}

// Who asks whether there is a conductor, and here answers.
type who struct{ Head }

// Info is what an agent says about itself when it joins.
type Info struct {
	Name    string `json:"name"` // for people; such as the name of the machine
	Build   string `json:"build"`
	Region  string `json:"region,omitempty"`
	Cores   int    `json:"cores,omitempty"`
	Memory  int64  `json:"memory,omitempty"`  // bytes
	Files   int64  `json:"files,omitempty"`   // that may be open
	Players int64  `json:"players,omitempty"` // that it can carry; 0 = it does not know
}

type join struct {
	Head
	ID    string `json:"id"`
	Nonce string `json:"nonce"` // of the process
	Info
}

// answer is the conductor's answer to a join: a gen, or why not.
type answer struct {
	Head
	Nonce   string `json:"nonce"`
	Refused string `json:"refused,omitempty"`
}

type probe struct {
	Head
	N uint64 `json:"n"`
}

// reading answers a probe with the agent's clock, when it came and when this left.
type reading struct {
	Head
	N  uint64        `json:"n"`
	T1 time.Duration `json:"t1"`
	T2 time.Duration `json:"t2"`
}

// plan has the plan behind it.
type plan struct {
	Head
	Sum string `json:"sum"`
}

type start struct {
	Head
	T0   time.Duration `json:"t0"`           // on the conductor's clock
	Unix int64         `json:"unix"`         // ns; T0 on the conductor's wall clock
	Go   bool          `json:"go,omitempty"` // all agents know T0
}

// Order is a halt: how, why and by whom.
type Order struct {
	Mode   Mode   `json:"mode"`
	Reason string `json:"reason,omitempty"` // "" = the timeline is over
	By     string `json:"by,omitempty"`
	// At is the run time at which the run ended; 0 = when this is heard.
	At time.Duration `json:"at,omitempty"`
}

// beat has what all are told behind it.
type beat struct {
	Head
	Now    time.Duration `json:"now"`
	Phase  Phase         `json:"phase"`
	Course int           `json:"course"`           // entries so far
	Fenced []uint64      `json:"fenced,omitempty"` // gens of the lost
	Halt   *Order        `json:"halt,omitempty"`
}

type halt struct {
	Head
	Order
}

// pieces are entries of the course from a number on. The entries are behind the line.
type pieces struct {
	From  int   `json:"from"`
	Sizes []int `json:"sizes,omitempty"`
}

type course struct {
	Head
	pieces
}

// Vitals are how an agent's machine fares.
type Vitals struct {
	Lag     time.Duration `json:"lag"` // p99 of requests so far
	CPU     time.Duration `json:"cpu"` // used so far
	RSS     int64         `json:"rss"` // bytes
	Files   int64         `json:"files"`
	Dropped int64         `json:"dropped"` // samples
}

type rowsHead struct {
	At   time.Duration `json:"at"` // run time
	Size int           `json:"size"`
}

// tick is the whole state of an agent. Rows are behind it.
type tick struct {
	Head
	State  State         `json:"state"`
	Hash   string        `json:"hash,omitempty"`  // of the plan as the agent understood it
	Clock  bool          `json:"clock,omitempty"` // it knows the conductor's clock
	T0     time.Duration `json:"t0,omitempty"`
	Halted Mode          `json:"halted,omitempty"`
	Reason string        `json:"reason,omitempty"` // of a failure, or of a halt that the agent itself wants
	Cause  Cause         `json:"cause,omitempty"`  // of a failure before it began: Refused or NoTarget
	Course int           `json:"course,omitempty"` // entries that it has
	First  uint64        `json:"first,omitempty"`  // number of the first report behind this
	Rows   []rowsHead    `json:"rows,omitempty"`
	Vitals Vitals        `json:"vitals"`
}

type ack struct {
	Head
	Tick   uint64        `json:"tick"` // seq of the tick
	Rows   uint64        `json:"rows"` // the next report that is wanted
	Clock  bool          `json:"clock,omitempty"`
	Offset time.Duration `json:"offset,omitempty"` // conductor's clock - agent's clock
	Error  time.Duration `json:"error,omitempty"`
	pieces
}

// chunk is a piece of a part. The bytes are behind it.
type chunk struct {
	Head
	Try   int    `json:"try"`
	Index int    `json:"index"`
	Size  int64  `json:"size"` // of the part
	Sum   string `json:"sum"`  // of the part
}

type got struct {
	Head
	Try  int  `json:"try"`
	Next int  `json:"next"` // index of the chunk that is wanted
	Done bool `json:"done,omitempty"`
}

// message is one of the types above.
type message interface {
	head() *Head
	check(body int) error
}

func (h *Head) head() *Head { return h }

var errHead = errors.New("want one line of JSON, then bytes that it describes")

// encode makes the bytes of a message.
func encode(m message, body ...[]byte) []byte {
	m.head().V = Version
	line, err := json.Marshal(m)
	if err != nil {
		panic(err) // they are structs of texts and numbers
	}
	return bytes.Join(append([][]byte{append(line, '\n')}, body...), nil)
}

// decode reads a message that comes from outside.
func decode(data []byte, m message) (body []byte, err error) {
	body, err = decodeLine(data, m)
	if err != nil {
		return nil, err
	}
	if v := m.head().V; v != Version {
		return nil, fmt.Errorf("message of protocol %.20q (want %s)", v, Version)
	}
	if err := m.check(len(body)); err != nil {
		return nil, err
	}
	return body, nil
}

func decodeLine(data []byte, m any) (body []byte, err error) {
	line, body, ok := bytes.Cut(data, []byte{'\n'})
	if !ok || len(line) > MaxHead {
		return nil, errHead
	}
	if err := json.Unmarshal(line, m); err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	return body, nil
}

func bare(body int) error {
	if body != 0 {
		return fmt.Errorf("message with %d bytes behind it (want none)", body)
	}
	return nil
}

func (*who) check(body int) error { return bare(body) }

// CheckID returns the error of an id of an agent, or the name of a run, that cannot be a
// word of a subject.
func CheckID(id string) error {
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}) {
		return fmt.Errorf("id %.80q (want 1 to 64 letters, digits, - and _)", id)
	}
	return nil
}

func (m *join) check(body int) error {
	if err := CheckID(m.ID); err != nil {
		return err
	}
	if err := CheckID(m.Nonce); err != nil {
		return err
	}
	if m.Cores < 0 || m.Memory < 0 || m.Files < 0 || m.Players < 0 {
		return errors.New("agent with less than 0 cores, bytes, files or players")
	}
	m.Name, m.Build, m.Region = Plain(m.Name, 64), Plain(m.Build, 200), Plain(m.Region, 64)
	return bare(body)
}

func (m *answer) check(body int) error {
	m.Refused = Plain(m.Refused, 500)
	return bare(body)
}

func (*probe) check(body int) error { return bare(body) }

func near(times ...time.Duration) error {
	for _, t := range times {
		if int64(t) > farAway || int64(t) < -farAway {
			return fmt.Errorf("instant %d ns (want one within 70 years of the start)", int64(t))
		}
	}
	return nil
}

func (m *reading) check(body int) error { return errors.Join(near(m.T1, m.T2), bare(body)) }

func (m *plan) check(body int) error {
	if body > MaxPlan {
		return fmt.Errorf("plan of %d bytes (want at most %d)", body, MaxPlan)
	}
	return nil
}

func (m *start) check(body int) error { return errors.Join(near(m.T0), bare(body)) }

func (m *beat) check(body int) error {
	if len(m.Fenced) > 2*MaxAgents || m.Course < 0 {
		return errors.New("beat with impossible counts")
	}
	if m.Halt != nil {
		if err := m.Halt.check(); err != nil {
			return err
		}
	}
	if body > MaxTold {
		return fmt.Errorf("beat with %d bytes for all (want at most %d)", body, MaxTold)
	}
	return near(m.Now)
}

func (o *Order) check() error {
	if o.Mode != Drain && o.Mode != Now {
		return fmt.Errorf("halt with mode %.20q (want %s or %s)", o.Mode, Drain, Now)
	}
	if o.At < 0 {
		return fmt.Errorf("halt at %v", o.At)
	}
	o.Reason, o.By = Plain(o.Reason, 500), Plain(o.By, 100)
	return near(o.At)
}

func (m *halt) check(body int) error { return errors.Join(m.Order.check(), bare(body)) }

// check returns the error of pieces that do not fill the body.
func (p *pieces) check(body int) error {
	if p.From < 0 || p.From > MaxEntries || len(p.Sizes) > MaxEntries {
		return errors.New("course with impossible counts")
	}
	for _, n := range p.Sizes {
		if n < 0 || n > MaxEntry || n > body {
			return fmt.Errorf("entry of %d bytes (want 0 to %d, and all of it behind the line)", n, MaxEntry)
		}
		body -= n
	}
	return bare(body)
}

// cut returns the entries in the body.
func (p *pieces) cut(body []byte) (entries [][]byte) {
	for _, n := range p.Sizes {
		entries, body = append(entries, body[:n:n]), body[n:]
	}
	return entries
}

func (m *course) check(body int) error { return m.pieces.check(body) }

func (m *tick) check(body int) error {
	if order[m.State] == 0 {
		return fmt.Errorf("state %.20q of an agent", m.State)
	}
	if m.Halted != "" && m.Halted != Drain && m.Halted != Now {
		return fmt.Errorf("halted with mode %.20q (want %s or %s)", m.Halted, Drain, Now)
	}
	if len(m.Rows) > maxWaiting || m.Course < 0 || m.First > math.MaxUint64/2 {
		return errors.New("tick with impossible counts")
	}
	for _, r := range m.Rows {
		if r.Size < 0 || r.Size > MaxRows || r.Size > body {
			return fmt.Errorf("rows of %d bytes (want 0 to %d, and all of them behind the line)", r.Size, MaxRows)
		}
		body -= r.Size
	}
	v := &m.Vitals
	if v.Lag < 0 || v.CPU < 0 || v.RSS < 0 || v.Files < 0 || v.Dropped < 0 {
		return errors.New("vitals below 0")
	}
	m.Hash, m.Reason = Plain(m.Hash, 128), Plain(m.Reason, 500)
	return errors.Join(near(m.T0), bare(body))
}

func (m *ack) check(body int) error {
	if m.Error < 0 {
		return errors.New("error of a clock below 0")
	}
	return errors.Join(near(m.Offset, m.Error), m.pieces.check(body))
}

func (m *chunk) check(body int) error {
	if m.Size < 0 || m.Size > MaxPart || m.Index < 0 || m.Index >= chunks(m.Size) || m.Try < 0 || m.Try > maxTries || len(m.Sum) > 128 {
		return errors.New("chunk with impossible counts")
	}
	if want := chunkLen(m.Size, m.Index); body != want {
		return fmt.Errorf("chunk %d of a part of %d bytes has %d bytes (want %d)", m.Index, m.Size, body, want)
	}
	return nil
}

func (m *got) check(body int) error {
	if m.Try < 0 || m.Try > maxTries || m.Next < 0 {
		return errors.New("acknowledgement with impossible counts")
	}
	return bare(body)
}

// Plain makes a text from outside fit to be shown: one line, at most n bytes.
func Plain(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// subject names a message of a run; id is "" for what goes to all.
func subject(run, id, kind string) string {
	if id == "" {
		return "hl." + run + "." + kind
	}
	return "hl." + run + ".a." + id + "." + kind
}

// Kind returns the kind of a message, and the agent that a subject names.
func Kind(run, subj string) (kind, id string) {
	rest, ok := strings.CutPrefix(subj, "hl."+run+".")
	if !ok {
		return "", ""
	}
	if mine, ok := strings.CutPrefix(rest, "a."); ok {
		id, kind, _ = strings.Cut(mine, ".")
		return kind, id
	}
	return rest, ""
}

// HaltMessage is a halt from outside.
func HaltMessage(run string, o Order) (subj string, data []byte, err error) {
	if err := CheckID(run); err != nil {
		return "", nil, fmt.Errorf("name of the run: %w", err)
	}
	if err := o.check(); err != nil {
		return "", nil, err
	}
	return subject(run, "", "halt"), encode(&halt{Head{Seq: 1}, o}), nil
}
