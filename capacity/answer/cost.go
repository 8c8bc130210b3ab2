package answer

import (
	"cmp"
	"slices"
	"time"

	"hlsload/capacity"
	"hlsload/capacity/tariff"
	"hlsload/reports/figure"
)

// Cost is what an event costs, as a range: GB are counted as 2^30 and as 10^9 bytes, prices of a region
// that is not known as in the cheapest and as in the dearest one.
type Cost struct {
	Low      float64  `json:"low"`
	High     float64  `json:"high"`
	Currency string   `json:"currency"`
	Items    []Item   `json:"items"`
	Without  []string `json:"without"` // what is not in it
}

// Item is a line of a bill.
type Item struct {
	Name     string  `json:"name"`
	Region   string  `json:"region"` // of the price list; "" = not known, or the same in all
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Source   string  `json:"source"`
	Seen     string  `json:"seen"`
	Unsure   bool    `json:"unsure"`
	Old      bool    `json:"old"`
}

// without is what no bill of this kind has, because its price or its quantity is not known.
var without = []string{"free tiers, commitments and contracts", "what faults add", "functions, logs, WAF and invalidations", "storage", "transfer between regions"}

// traffic is what an event asks for in all.
type traffic struct {
	bytes, requests []float64 // at the edge, by region of the plan
	shield, origin  float64   // requests
}

func trafficOf(p *capacity.Plan, f *capacity.Forecast) traffic {
	t := traffic{bytes: make([]float64, len(p.Regions)), requests: make([]float64, len(p.Regions))}
	end := p.Curve[len(p.Curve)-1].At
	for i := range f.Minutes {
		m := &f.Minutes[i]
		lasts := min(time.Minute, end-m.At).Seconds()
		for k, r := range m.Regions {
			t.bytes[k] += r.Bits / 8 * lasts
			t.requests[k] += r.Edge * lasts
		}
		t.origin += m.Origin * lasts
		if n := len(m.Layers); p.Channel.Edge.Shield && n >= 2 {
			t.shield += m.Layers[n-2] * lasts
		}
	}
	return t
}

// cost is the bill of a forecast. Faults last for minutes, and are not in it.
func (q *Question) cost(p *capacity.Plan, f *capacity.Forecast) Cost {
	t := trafficOf(p, f)
	items := q.edge(&t)
	if t.shield > 0 {
		x := q.item("cloudfront.shield", "", "requests", t.shield)
		x.Low = 0 // requests from a cache of the shield's own region cost nothing
		items = append(items, x)
	}
	hours := q.Event.Duration.Hours()
	if !q.Event.Origin.MediaPackage {
		const region = "us-east-1"
		items = append(items, q.item("s3.get", region, "requests", t.origin), q.item("s3.put", region, "requests", writes(&p.Channel)*hours*3600))
	}
	c := q.bill(append(items, q.encoders(p, hours)...))
	c.Without = slices.Clone(without)
	return c
}

// edge is what CloudFront asks for bytes and requests, by region of the price list.
func (q *Question) edge(t *traffic) (items []Item) {
	bytes, requests := map[string]float64{}, map[string]float64{}
	var order []string
	for i := range q.Event.Regions {
		at := q.Event.Regions[i].Price
		if !slices.Contains(order, at) {
			order = append(order, at)
		}
		bytes[at] += t.bytes[i]
		requests[at] += t.requests[i]
	}
	for _, at := range order {
		items = append(items, q.gigabytes(at, bytes[at]), q.item(tariff.HTTPS, at, "requests", requests[at]))
	}
	return items
}

// gigabytes is the item of bytes. AWS's GB have 2^30.
func (q *Question) gigabytes(region string, bytes float64) Item {
	x := q.item(tariff.Out, region, "GB", bytes)
	x.Low, _ = q.Event.Prices.Cost(tariff.Out, region, bytes*1e9/(1<<30), 0)
	x.Quantity = bytes / 1e9
	return x
}

// encoders are the hours of MediaLive: an input, and an output for each rendition; 720 lines and more are
// HD. Two pipelines cost between one and twice that, as the price list notes.
func (q *Question) encoders(p *capacity.Plan, hours float64) (items []Item) {
	outputs := map[string]float64{"medialive.input.hd": 1}
	for _, r := range p.Channel.Ladder {
		if r.Height >= 720 {
			outputs["medialive.output.hd"]++
		} else {
			outputs["medialive.output.sd"]++
		}
	}
	for _, name := range []string{"medialive.input.hd", "medialive.output.hd", "medialive.output.sd"} {
		if outputs[name] == 0 {
			continue
		}
		x := q.item(name, "us-east-1", "hours", outputs[name]*hours)
		x.High *= float64(p.Channel.Pipelines)
		items = append(items, x)
	}
	return items
}

// item is a line for a quantity in bytes, requests or hours.
func (q *Question) item(name, region, unit string, quantity float64) Item {
	prices := q.Event.Prices
	x := Item{Name: name, Region: region, Quantity: quantity, Unit: unit}
	x.Low, x.High = prices.Cost(name, region, quantity, 0)
	rows := prices.Tiers(name, region)
	if rows == nil {
		for i := range prices.Rows {
			if prices.Rows[i].Name == name {
				rows = append(rows, prices.Rows[i])
			}
		}
	}
	if len(rows) == 0 {
		x.Source = "no price in the list"
		return x
	}
	oldest := slices.MinFunc(rows, func(a, b tariff.Price) int { return cmp.Compare(a.Seen.Unix(), b.Seen.Unix()) })
	if x.Source = oldest.Source; !oldest.Seen.IsZero() {
		x.Seen = oldest.Seen.Format(time.DateOnly)
	}
	for i := range rows {
		x.Unsure = x.Unsure || rows[i].Unsure
		x.Old = x.Old || rows[i].Old(q.Now)
	}
	return x
}

// bill adds items up.
func (q *Question) bill(items []Item) Cost {
	c := Cost{Currency: q.Event.Prices.Currency, Items: items}
	for i := range items {
		x := &items[i]
		c.Low += x.Low
		c.High += x.High
		x.Quantity, x.Low, x.High = tidy(x.Quantity), money(x.Low), money(x.High)
	}
	c.Low, c.High = money(c.Low), money(c.High)
	return c
}

// money has four decimals: some items cost little, and matter by their difference.
func money(x float64) float64 { return figure.Round(x, 4) }
