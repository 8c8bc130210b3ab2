package chaos

import (
	"fmt"
	"testing"
	"time"
)

// noted writes down what a crowd is to do.
type noted []string

func (n *noted) Surge(players int, over time.Duration) {
	*n = append(*n, fmt.Sprintf("%d arrive over %v", players, over))
}

func (n *noted) Reconnect(ordinal uint64, share float64, cohort string) {
	*n = append(*n, fmt.Sprintf("%d: %v of %s", ordinal, share, cohort))
}

func TestGather(t *testing.T) {
	surge, again := NewFault("surge", ViewersSurge), NewFault("again", ViewersReconnect)
	surge.Players, surge.Over = 20, time.Minute
	again.Rule, again.Occurrence, again.Share, again.Cohort = 1, 2, 0.5, "web"
	var got noted
	surge.Gather(&got)
	again.Gather(&got)
	if s := fmt.Sprint(got); s != "[20 arrive over 1m0s 4294967298: 0.5 of web]" {
		t.Errorf("got %s", s)
	}
}
