package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"hlsload/run"
	"hlsload/system"
)

// patience is how long agents that were started here get.
type patience struct {
	// lost: a run that lost an agent before it began goes on for so long, because its conductor
	// may know better why.
	lost time.Duration
	// last: so long after the run they may take to end. It is longer than their lease and
	// the time for their part.
	last time.Duration
	kill time.Duration // after that, from when they are told to end until they are killed
}

var usualPatience = patience{lost: 5 * time.Second, last: 15 * time.Second, kill: 5 * time.Second}

// children are agents that this process started. They are not in the process group of the
// terminal, so a Ctrl-C reaches the conductor only, which halts them in order.
type children struct {
	say    io.Writer
	hide   func(string) string
	cancel func() // ends the run before it began
	patience

	all   []*child
	cores int // of each
	died  chan run.Death

	mu     sync.Mutex
	began  bool
	over   bool
	failed string // why the run cannot begin
	ended  string // the same, once the run was ended because of it
	timer  *time.Timer
}

type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended
	err  error         // how, once done
}

// start starts an agent. The join string is in its environment, where no other user sees it.
func (c *children) start(name, exe string, args []string, join string) error {
	out := &redactingWriter{w: silently{printable{c.say}}, f: func(line string) string {
		if line == "" {
			return ""
		}
		return "agent " + name + ": " + strings.TrimSuffix(c.hide(line), "\n") + "\n"
	}}
	cmd := exec.Command(exe, args...)
	cmd.Env = childEnv(os.Environ(), join, c.cores)
	cmd.Stdout, cmd.Stderr = out, out
	system.Group(cmd)
	cmd.WaitDelay = time.Second // for output of what it started itself
	if err := cmd.Start(); err != nil {
		return err
	}
	ch := &child{name: name, cmd: cmd, done: make(chan struct{})}
	c.all = append(c.all, ch)
	go func() { // ends with the process, which end waits for
		defer close(ch.done)
		ch.err = cmd.Wait()
		_ = out.Close()
		c.left(ch)
	}()
	return nil
}

// childEnv is the environment of an agent: secrets are resolved where the players are. Of the
// cores an agent takes its part only, because each of them would keep all busy with looking for
// work; GOMAXPROCS in the environment goes before.
func childEnv(environ []string, join string, cores int) []string {
	env := []string{"GOMAXPROCS=" + strconv.Itoa(cores)}
	for _, e := range environ {
		switch name, _, _ := strings.Cut(e, "="); name {
		case joinVariable, haltVariable, "HLSLOAD_PROGRESS":
		default:
			env = append(env, e) // the last of a name counts
		}
	}
	return append(env, joinVariable+"="+join)
}

// left says that an agent ended before the run was over.
func (c *children) left(ch *child) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.died <- run.Death{Agent: ch.name, How: ch.ended()}   // there is room for all
	if c.over || c.began && ch.cmd.ProcessState.Exited() { // then it said why itself
		return
	}
	how := "exit status 0"
	if ch.err != nil {
		how = ch.err.Error()
	}
	if c.began {
		fmt.Fprintf(printable{c.say}, "agent %s: ended: %s\n", ch.name, how)
		return
	}
	why := fmt.Sprintf("agent %s ended before the run began: %s", ch.name, how)
	fmt.Fprintln(printable{c.say}, why)
	if c.failed == "" {
		c.failed = why
		c.timer = time.AfterFunc(c.lost, c.giveUp)
	}
}

// ended says how a process ended that did.
func (ch *child) ended() string { return "its process ended: " + ch.cmd.ProcessState.String() }

// how says how the process of an agent ended.
func (c *children) how(name string) string {
	for _, ch := range c.all {
		if ch.name != name {
			continue
		}
		select {
		case <-ch.done:
			return ch.ended()
		default:
			return "its process is still there"
		}
	}
	return ""
}

// giveUp ends a run that waits for an agent that ended.
func (c *children) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.began && !c.over {
		c.ended = c.failed
		c.cancel()
	}
}

// begin says that the players come: from now on an agent that ends is lost to the run.
func (c *children) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began = true
}

// end waits for all agents, and kills those that do not end. They are told to only if
// the run never began. It returns why the run was ended before it began, if that was because of an agent.
func (c *children) end(began bool) string {
	c.mu.Lock()
	c.over = true
	if c.timer != nil {
		c.timer.Stop()
	}
	why := c.ended
	c.mu.Unlock()
	if began && !c.await(c.last) {
		fmt.Fprintf(c.say, "agents did not end within %v after the run; they are told to\n", c.last)
	}
	for _, ch := range c.all {
		system.Ask(ch.cmd)
	}
	if !c.await(c.kill) {
		for _, ch := range c.all {
			select {
			case <-ch.done:
			default:
				system.Kill(ch.cmd)
			}
		}
	}
	for _, ch := range c.all {
		<-ch.done
	}
	return why
}

// await reports whether all agents end within a time.
func (c *children) await(limit time.Duration) bool {
	timeout := time.After(limit)
	for _, ch := range c.all {
		select {
		case <-ch.done:
		case <-timeout:
			return false
		}
	}
	return true
}

// silently goes on when nothing can be written any more: an agent must not stop because of it.
type silently struct{ w io.Writer }

func (s silently) Write(b []byte) (int, error) {
	_, _ = s.w.Write(b)
	return len(b), nil
}
