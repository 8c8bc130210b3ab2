package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// What follows a channel through the account: its inputs and what feeds them,
// where it writes to, the distribution in front of that, and what is notified.

// Feed makes the outputs of a flow feed an input of the channel.
func (ch *Channel) Feed(input string, f *Flow) {
	ch.a.Do(func() {
		if ch.feeds == nil {
			ch.feeds = map[string]*Flow{}
		}
		ch.feeds[input] = f
		for _, o := range f.Outputs {
			o.settings["mediaLiveInputArn"] = ch.inputARN(input)
		}
	})
}

// Package makes the channel write to a channel of MediaPackage v2, too.
func (ch *Channel) Package(group, channel string) {
	ch.a.Do(func() {
		ch.destinations = append(ch.destinations, map[string]any{"id": "packager", "mediaPackageSettings": []any{map[string]any{"channelGroup": group, "channelName": channel}}})
	})
}

// Notify makes a bucket notify a function of what is written to it.
func (b *Bucket) Notify(function string) {
	b.a.Do(func() { b.functions = append(b.functions, function) })
}

func (ch *Channel) inputARN(name string) string {
	return fmt.Sprintf("arn:aws:medialive:%s:%s:input:1%s", ch.a.Region, ch.a.ID, name)
}

// written are the channel's destinations, as it describes them.
func (ch *Channel) written() []any {
	var settings []any
	for _, w := range ch.writers {
		if w.bucket != nil {
			settings = append(settings, map[string]any{"url": "s3ssl://" + w.bucket.Name + "/" + w.prefix + "index"})
		}
	}
	all := slices.Clone(ch.destinations)
	if len(settings) > 0 {
		all = append(all, map[string]any{"id": "hls", "settings": settings})
	}
	return all
}

func (a *Account) describeInput(c *call) (any, error) {
	id := c.at["id"]
	for _, ch := range a.sorted() {
		for _, name := range ch.Inputs {
			if "1"+name != id {
				continue
			}
			out := map[string]any{"id": id, "arn": ch.inputARN(name), "name": name, "type": "URL_PULL", "state": "ATTACHED"}
			if f := ch.feeds[name]; f != nil {
				out["type"], out["mediaConnectFlows"] = "MEDIACONNECT", []any{map[string]any{"flowArn": f.ARN}}
			}
			return out, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "NotFoundException", "input %s not found", id)
}

// listDistributions has two a page.
func (a *Account) listDistributions(c *call) (any, error) {
	const page = 2
	ids := slices.Sorted(maps.Keys(a.distributions))
	marker := c.r.URL.Query().Get("Marker")
	ids = slices.DeleteFunc(ids, func(id string) bool { return id <= marker })
	next := ""
	if len(ids) > page {
		next, ids = ids[page-1], ids[:page]
	}
	var items strings.Builder
	for _, id := range ids {
		d := a.distributions[id]
		config, _ := d.configs.shown(c.now)
		part := func(name string) string { // as it stands in the configuration
			s := string(config)
			from, to := strings.Index(s, "<"+name+">"), strings.Index(s, "</"+name+">")
			if from < 0 || to < 0 {
				return ""
			}
			return s[from : to+len(name)+3]
		}
		fmt.Fprintf(&items, "<DistributionSummary><Id>%s</Id><ARN>%s</ARN><DomainName>%s.cloudfront.net</DomainName>%s%s</DistributionSummary>", d.ID, d.arn(), strings.ToLower(d.ID), part("Aliases"), part("Origins"))
	}
	return document(fmt.Sprintf(`<DistributionList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Marker>%s</Marker><NextMarker>%s</NextMarker><IsTruncated>%t</IsTruncated><Quantity>%d</Quantity><Items>%s</Items></DistributionList>`,
		marker, next, next != "", len(ids), items.String())), nil
}

func (b *Bucket) notifications(*call) (any, error) {
	var out strings.Builder
	for _, f := range b.functions {
		fmt.Fprintf(&out, "<CloudFunctionConfiguration><Id>%s</Id><CloudFunction>arn:aws:lambda:%s:%s:function:%s</CloudFunction><Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration>", f, b.a.Region, b.a.ID, f)
	}
	return document(`<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + out.String() + `</NotificationConfiguration>`), nil
}

func (p *Packager) listEndpoints(*call) (any, error) {
	items := []any{}
	for _, path := range slices.Sorted(maps.Keys(p.a.packagers)) {
		if name, ok := strings.CutPrefix(path, p.Path+"/originEndpoint/"); ok {
			out := p.named()
			out["Arn"], out["OriginEndpointName"], out["ContainerType"] = p.a.packagers[path].arn(), name, "TS"
			items = append(items, out)
		}
	}
	return map[string]any{"Items": items}, nil
}
