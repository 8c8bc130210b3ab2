package lambda

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"hlsload/chaos/aws"
)

// slow makes a function begin late, by an experiment of AWS FIS: the extension
// that the function carries for it sleeps before each invocation
// (aws:lambda:invocation-add-delay). An experiment has a length, so the fault
// ends by itself.
type slow struct {
	d *Driver

	Function string        `json:"function"` // ARN
	Mark     string        `json:"mark"`     // of template and experiment, as a tag
	Role     string        `json:"role"`     // ARN of the role of the experiment
	By       time.Duration `json:"by"`
	Until    time.Time     `json:"until"` // when it ends by itself
	At       time.Time     `json:"at"`    // when the function was looked at
}

// About implements [aws.Change], as do the methods below.
func (c *slow) About() aws.About {
	return aws.About{Op: "slow", Target: c.Function, Owner: c.Mark, End: aws.EndsAt(c.Until)}
}

func (c *slow) Calls() []aws.Call {
	call := func(when aws.When, action, what, request string) aws.Call {
		resource := "*"
		if what != "" {
			resource = c.d.ARN("fis", what+"/*")
		}
		return aws.Call{Action: action, Resource: resource, When: when, Request: request}
	}
	pass := call(aws.Makes, "iam:PassRole", "", "the experiment's role, to AWS FIS")
	pass.Resource, pass.If = c.Role, map[string]string{"iam:PassedToService": "fis.amazonaws.com"}
	configuration := aws.Call{Action: "lambda:GetFunctionConfiguration", Resource: c.Function, When: aws.Reads}
	const template, experiment = "experiment-template", "experiment"
	return []aws.Call{
		configuration, call(aws.Reads, "fis:ListExperimentTemplates", "", ""), call(aws.Reads, "fis:ListExperiments", "", ""),
		call(aws.Makes, "fis:CreateExperimentTemplate", template, fmt.Sprintf("aws:lambda:invocation-add-delay of %v, tag %s=%s, no stop condition; it ends with its length", c.By, aws.TagRun, c.Mark)),
		call(aws.Makes, "fis:TagResource", template, ""), call(aws.Makes, "fis:TagResource", experiment, ""), pass,
		call(aws.Makes, "fis:StartExperiment", template, ""), call(aws.Makes, "fis:StartExperiment", experiment, "tag "+aws.TagRun+"="+c.Mark),
		call(aws.Undoes, "fis:StopExperiment", experiment, "if it still runs"),
		call(aws.Undoes, "fis:DeleteExperimentTemplate", template, ""),
	}
}

// The extension of AWS FIS that a function must have, by its user guide.
const (
	extension     = "aws-fis-extension"
	configuration = "AWS_FIS_CONFIGURATION_LOCATION"
)

func (c *slow) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	out, err := c.d.API.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &c.Function})
	if err != nil {
		return err
	}
	has := slices.ContainsFunc(out.Layers, func(l lambdatypes.Layer) bool { return strings.Contains(sdk.ToString(l.Arn), ":layer:"+extension) })
	if _, ok := variables(out)[configuration]; !ok || !has {
		return fmt.Errorf("AWS FIS cannot delay the function (got %d layers; want the layer %s and the variable %s, as \"Use the AWS FIS aws:lambda:function actions\" in its user guide has it)", len(out.Layers), extension, configuration)
	}
	_, err = c.template(ctx) // it must be readable when it is to be undone
	return err
}

// variables are those of a function's environment.
func variables(f *lambda.GetFunctionConfigurationOutput) map[string]string {
	if f.Environment == nil {
		return nil
	}
	return f.Environment.Variables
}

func (c *slow) Make(ctx context.Context) error {
	minutes := int(c.Until.Sub(c.d.Now())/time.Minute) + 1
	const action, target = "delay", "invalidator"
	out, err := c.d.Experiments.CreateExperimentTemplate(ctx, &fis.CreateExperimentTemplateInput{
		ClientToken: &c.Mark, Description: sdk.String(about(c.Function)), RoleArn: &c.Role, Tags: map[string]string{aws.TagRun: c.Mark},
		StopConditions: []types.CreateExperimentTemplateStopConditionInput{{Source: sdk.String("none")}},
		Targets: map[string]types.CreateExperimentTemplateTargetInput{target: {
			ResourceType: sdk.String("aws:lambda:function"), SelectionMode: sdk.String("ALL"), ResourceArns: []string{c.Function}}},
		Actions: map[string]types.CreateExperimentTemplateActionInput{action: {
			ActionId: sdk.String("aws:lambda:invocation-add-delay"), Targets: map[string]string{"Functions": target},
			Parameters: map[string]string{"duration": fmt.Sprintf("PT%dM", minutes), "invocationPercentage": "100", "startupDelayMilliseconds": strconv.FormatInt(c.By.Milliseconds(), 10)}}},
	})
	if err != nil {
		return err
	}
	if out.ExperimentTemplate == nil {
		return errors.New("the answer to CreateExperimentTemplate names no template")
	}
	_, err = c.d.Experiments.StartExperiment(ctx, &fis.StartExperimentInput{ExperimentTemplateId: out.ExperimentTemplate.Id, ClientToken: &c.Mark, Tags: map[string]string{aws.TagRun: c.Mark}})
	return err
}

// about describes the template of a function.
func about(function string) string { return "hlsload delays " + function }

// maxPages bounds a list of templates or experiments.
const maxPages = 50

// template is the ID of our template, "" without one.
func (c *slow) template(ctx context.Context) (string, error) {
	all, err := c.d.templates(ctx, c.Function)
	if err != nil {
		return "", err
	}
	for id, mark := range all {
		if mark == c.Mark {
			return id, nil
		}
	}
	return "", nil
}

// templates are the experiment templates of runs for a function, with their
// marks. An undo knows the function from the journal only.
func (d *Driver) templates(ctx context.Context, function string) (map[string]string, error) {
	all := map[string]string{}
	in := &fis.ListExperimentTemplatesInput{}
	for range maxPages {
		out, err := d.Experiments.ListExperimentTemplates(ctx, in)
		if err != nil {
			return nil, err
		}
		for i := range out.ExperimentTemplates {
			t := &out.ExperimentTemplates[i]
			if _, ok := aws.Ours(t.Tags[aws.TagRun]); ok && sdk.ToString(t.Description) == about(function) {
				all[sdk.ToString(t.Id)] = t.Tags[aws.TagRun]
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	return all, nil
}

// experiments are those of a template.
func (c *slow) experiments(ctx context.Context, template string) (all []types.ExperimentSummary, err error) {
	in := &fis.ListExperimentsInput{ExperimentTemplateId: &template}
	for range maxPages {
		out, err := c.d.Experiments.ListExperiments(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, out.Experiments...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	return all, nil
}

var ended = []types.ExperimentStatus{types.ExperimentStatusCompleted, types.ExperimentStatusStopped, types.ExperimentStatusFailed, types.ExperimentStatusCancelled}

// Undo stops the experiment, and deletes the template once it has ended: as long
// as there is a template, the experiment can be found.
func (c *slow) Undo(ctx context.Context) error {
	template, err := c.template(ctx)
	if err != nil {
		return err
	}
	if template == "" {
		if waited, err := aws.Settle(ctx, c.At, c.d.Now()); err != nil || !waited {
			return err // never made, or undone before
		}
		return c.Undo(ctx)
	}
	for deadline := c.d.Now().Add(stopTime); ; {
		all, err := c.experiments(ctx, template)
		if err != nil {
			return err
		}
		if len(all) == 0 { // never begun, or it does not show yet: without its template it could not be found
			waited, err := aws.Settle(ctx, c.At, c.d.Now())
			if err != nil {
				return err
			}
			if waited {
				continue
			}
		}
		all = slices.DeleteFunc(all, func(e types.ExperimentSummary) bool { return e.State != nil && slices.Contains(ended, e.State.Status) })
		if len(all) == 0 {
			break
		}
		if c.d.Now().After(deadline) {
			return fmt.Errorf("experiment %s has not stopped (waited %v; it ends by itself at %s)", sdk.ToString(all[0].Id), stopTime, c.Until.Format(time.RFC3339))
		}
		for i := range all {
			if _, err := c.d.Experiments.StopExperiment(ctx, &fis.StopExperimentInput{Id: all[i].Id}); err != nil {
				return err
			}
		}
		if err := aws.Wait(ctx, time.Second); err != nil {
			return err
		}
	}
	_, err = c.d.Experiments.DeleteExperimentTemplate(ctx, &fis.DeleteExperimentTemplateInput{Id: &template})
	return err
}

// stopTime bounds how long one undo waits for an experiment to stop.
const stopTime = time.Minute

func (c *slow) Bites(ctx context.Context) (bool, string) {
	template, err := c.template(ctx)
	if err != nil {
		return false, err.Error()
	}
	all, err := c.experiments(ctx, template)
	if err != nil || template == "" {
		return false, fmt.Sprintf("no experiment is there (%v)", err)
	}
	for i := range all {
		if s := all[i].State; s != nil {
			return s.Status == types.ExperimentStatusRunning, fmt.Sprintf("experiment %s is %s %s", sdk.ToString(all[i].Id), s.Status, sdk.ToString(s.Reason))
		}
	}
	return false, "no experiment has begun"
}

// left are the experiments of earlier runs.
func (d *Driver) left(ctx context.Context) ([]aws.Leftover, error) {
	if d.Config.FaultRole == "" {
		return nil, nil
	}
	function := d.arn(d.Config.Function)
	all, err := d.templates(ctx, function)
	if err != nil {
		return nil, fmt.Errorf("experiment templates: %w", err)
	}
	var found []aws.Leftover
	for _, id := range slices.Sorted(maps.Keys(all)) {
		found = append(found, aws.Left(d, &slow{d: d, Function: function, Mark: all[id]}, "experiment template "+id))
	}
	return found, nil
}

func (c *slow) Healthy(ctx context.Context) (bool, string) {
	template, err := c.template(ctx)
	if err != nil {
		return false, err.Error()
	}
	if template != "" {
		return false, "experiment template " + template + " is still there"
	}
	return true, "no experiment template has the tag " + aws.TagRun + "=" + c.Mark
}
