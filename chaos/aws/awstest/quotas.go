package awstest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// quotas are what of an account Service Quotas has.
type quotas struct {
	listed map[string][]string // objects in JSON, by region and service
	page   int
	// answers replace the JSON of an answer, by service.
	answers map[string]string
}

// AddQuota adds a quota to the list of a service in one region, as JSON: what Service Quotas says need not
// be right.
func (a *Account) AddQuota(region, service, object string) {
	a.Do(func() {
		if a.limits.listed == nil {
			a.limits.listed = map[string][]string{}
		}
		key := region + " " + service
		a.limits.listed[key] = append(a.limits.listed[key], object)
	})
}

// PageQuotas makes answers have at most so many quotas a page; 0 = as many as were asked for. Less than 0
// makes every page empty, with another one to come.
func (a *Account) PageQuotas(n int) { a.Do(func() { a.limits.page = n }) }

// AnswerQuotas makes the answer about a service be this text.
func (a *Account) AnswerQuotas(service, text string) {
	a.Do(func() {
		if a.limits.answers == nil {
			a.limits.answers = map[string]string{}
		}
		a.limits.answers[service] = text
	})
}

// QuotaJSON is a quota as Service Quotas lists it.
func QuotaJSON(code, name string, value float64, unit string) string {
	return fmt.Sprintf(`{"QuotaCode": %q, "QuotaName": %q, "Value": %v, "Unit": %q, "Adjustable": true, "GlobalQuota": false}`, code, name, value, unit)
}

func (a *Account) serviceQuotas() []operation {
	return []operation{{"POST ?X-Amz-Target", "ListServiceQuotas", a.listServiceQuotas}}
}

func (a *Account) listServiceQuotas(c *call) (any, error) {
	if got := c.r.Header.Get("X-Amz-Target"); got != "ServiceQuotasV20190624.ListServiceQuotas" {
		return nil, refuse(http.StatusBadRequest, "UnknownOperationException", "not emulated: %s", got)
	}
	var in struct {
		ServiceCode, NextToken string
		MaxResults             int
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	text, ok := a.limits.answers[in.ServiceCode]
	if !ok {
		if in.MaxResults < 1 || in.MaxResults > 100 {
			return nil, c.invalid("MaxResults is %d", in.MaxResults)
		}
		all, known := a.limits.listed[c.region()+" "+in.ServiceCode]
		if !known {
			return nil, refuse(http.StatusBadRequest, "NoSuchResourceException", "The request failed because the specified service does not exist.")
		}
		begin, _ := strconv.Atoi(in.NextToken)
		end := begin + in.MaxResults
		if p := a.limits.page; p != 0 {
			end = begin + p
		}
		begin = min(max(begin, 0), len(all))
		end = min(max(end, begin), len(all))
		text = `{"Quotas": [` + strings.Join(all[begin:end], ",") + `]`
		if end < len(all) {
			text += fmt.Sprintf(`, "NextToken": "%d"`, end)
		}
		text += "}"
	}
	c.w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	return []byte(text), nil
}
