package run

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hlsload/reports/record"
)

// kept is what an agent keeps beside its part, so that the parts can be read without their
// conductor; see [Merge].
type kept struct {
	Plan    plan      `json:"plan"`
	Build   string    `json:"build"`
	Started time.Time `json:"started"`
	Target  found     `json:"target"`
}

// found is what an agent found out about the target.
type found struct {
	TargetDuration time.Duration      `json:"target_duration"`
	Pipelines      int                `json:"pipelines"`
	Renditions     []record.Rendition `json:"renditions"`
}

// Names of what an agent keeps: a part is "part-RUN-ID", and "plan-RUN-ID" is beside it.
const partName, planName = "part-", "plan-"

// keepPlan keeps what the agent's part can be read with.
func (a *agent) keepPlan() error {
	m := &a.measure
	data, err := json.Marshal(&kept{a.plan, m.Build, m.Started, found{m.TargetDuration, m.Pipelines, m.Renditions}})
	if err == nil {
		err = os.WriteFile(filepath.Join(a.cfg.Dir, planName+a.cfg.Run+"-"+a.cfg.ID), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the plan: %w", err)
	}
	return nil
}
