package reports

import (
	"fmt"
	"strings"
	"time"

	"hlsload/reports/figure"
)

// AgentSummary is a machine of a run that went over several.
type AgentSummary struct {
	Name         string `json:"name"`
	Players      int64  `json:"players"` // sessions; of a lost agent the players of its share
	LagMs        Dist   `json:"lag_ms"`
	CPUS         Value  `json:"cpu_s"`
	RSSPeakBytes int64  `json:"rss_peak_bytes"`
	// ClockOffsetMs is the conductor's clock minus the agent's, which was taken into
	// account, and ClockErrorMs by how much that may be wrong.
	ClockOffsetMs Value  `json:"clock_offset_ms"`
	ClockErrorMs  Value  `json:"clock_error_ms"`
	LostAtS       Value  `json:"lost_at_s"` // null = it was not lost
	Reason        string `json:"reason"`    // why it was lost; "" = it was not
}

// LostAgent is an agent whose players are in no figure.
type LostAgent struct {
	Name    string
	Players int64
	At      time.Duration // from when on nothing is known of it
	Reason  string
}

// lost says that more players were lost than may be; "" = they were not.
func (end *Ending) lost() string {
	var lost int64
	var who []string
	for i := range end.Lost {
		l := &end.Lost[i]
		lost += l.Players
		who = append(who, l.text())
	}
	if lost == 0 || float64(lost) <= end.LostLimit*float64(end.Players) {
		return ""
	}
	limit := "none may be"
	if end.LostLimit > 0 {
		limit = fmt.Sprintf("at most %s may be", figure.Percent(end.LostLimit))
	}
	return fmt.Sprintf("%s of %s players were lost (limits.lost: %s): %s", figure.Thousands(lost), figure.Thousands(end.Players), limit, strings.Join(who, "; "))
}

func (l *LostAgent) text() string {
	return fmt.Sprintf("agent %s at %s with %s (%s)", l.Name, figure.Clock(l.At.Truncate(time.Second)), figure.Plural(int(l.Players), "player"), l.Reason)
}

// LostWarning says which agents were lost in a run that may lose some; "" = the reason why the
// run is void says it.
func (end *Ending) LostWarning() string {
	if len(end.Lost) == 0 || end.lost() != "" {
		return ""
	}
	var who []string
	for i := range end.Lost {
		who = append(who, end.Lost[i].text())
	}
	return "lost: " + strings.Join(who, "; ") + "; these players are in no figure, and each expectation is judged by the worst that they may have seen"
}
