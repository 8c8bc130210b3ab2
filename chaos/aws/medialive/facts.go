package medialive

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
)

// Facts says how the channel is built, as far as it decides what faults look
// like.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	c, err := d.describe(ctx, d.Config.Channel)
	if err != nil {
		return nil, err
	}
	what := d.Target() + ": "
	out := []string{fmt.Sprintf("%s%s, %s, %d pipelines running", what, c.ChannelClass, c.State, sdk.ToInt32(c.PipelinesRunningCount))}
	for _, p := range c.PipelineDetails {
		out = append(out, fmt.Sprintf("%spipeline %s, input %s", what, sdk.ToString(p.PipelineId), sdk.ToString(p.ActiveInputAttachmentName)))
	}
	for _, a := range c.InputAttachments {
		out = append(out, fmt.Sprintf("%sinput attachment %s", what, sdk.ToString(a.InputAttachmentName)))
	}
	if c.EncoderSettings != nil {
		for _, g := range c.EncoderSettings.OutputGroups {
			if g.OutputGroupSettings == nil || g.OutputGroupSettings.HlsGroupSettings == nil {
				continue
			}
			h := g.OutputGroupSettings.HlsGroupSettings
			out = append(out, fmt.Sprintf("%soutput group %s: input loss %s, redundant manifest %s, segments of %d s, %d listed, %d kept, incomplete segments %s",
				what, sdk.ToString(g.Name), h.InputLossAction, h.RedundantManifest, sdk.ToInt32(h.SegmentLength), sdk.ToInt32(h.IndexNSegments), sdk.ToInt32(h.KeepSegments), h.IncompleteSegmentBehavior))
		}
	}
	actions, err := d.schedule(ctx, d.Config.Channel)
	if err != nil {
		return out, err
	}
	immediate := 0
	for i := range actions {
		if s := actions[i].ScheduleActionStartSettings; s != nil && s.ImmediateModeScheduleActionStartSettings != nil {
			immediate++
		}
	}
	return append(out, fmt.Sprintf("%s%d actions in the schedule, %d of them began at once; paused by it: %s", what, len(actions), immediate, ids(state(actions, d.Now())))), nil
}
