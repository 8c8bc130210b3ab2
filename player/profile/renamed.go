package profile

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// renamed are keys of older profiles, with how the same is written now.
var renamed = map[string]string{
	"abr.estimator":      "estimate: {median: {…}}, dual_ewma, transfer_ewma, last, mean3, browser or fixed",
	"abr.fast":           "estimate: {dual_ewma: {fast: …}}",
	"abr.slow":           "estimate: {dual_ewma: {slow: …}}",
	"abr.min_bytes":      "estimate: {dual_ewma: {min_bytes: …}}",
	"abr.min_total":      "estimate: {median: {min_total: …}} or {dual_ewma: {min_total: …}}",
	"abr.min_time":       "estimate: {median: {min_time: …}}",
	"abr.window":         "estimate: {median: {window: …}} or {browser: {window: …}}",
	"abr.ceiling":        "estimate: {browser: {ceiling: …}}",
	"abr.of_browser":     "estimate: {browser: {window: …, ceiling: …}}",
	"abr.timeout_zeroes": "estimate: {last: {zero_on_timeout: true}}",
	"abr.ttfb":           "estimate: {transfer_ewma: {latency: …}}",
	"abr.ttfb_half_life": "estimate: {transfer_ewma: {latency_half_life: …}}",
	"abr.ttfb_initial":   "estimate: {transfer_ewma: {latency: …}}",
	"abr.parse":          "estimate: {transfer_ewma: {parse: …}}",

	"abr.up":              "choose: {share: {up: …}}",
	"abr.down":            "choose: {share: {down: …}}",
	"abr.use_average":     "choose: {share: {average: true}}",
	"abr.screen":          "choose: {screen: {size: …}}",
	"abr.second_segment":  "choose: {screen: {share: …, size: none}}",
	"abr.switch_interval": "choose: {interval: {every: …}}",
	"abr.choice_interval": "choose: {interval: {every: …}}",
	"abr.up_min_buffer":   "choose: {buffered: {up_from: …}}",
	"abr.up_edge_share":   "choose: {buffered: {edge_share: …}}",
	"abr.down_max_buffer": "choose: {buffered: {down_below: …}}",

	"abr.abandon.enabled": "abandon: {lower: {…}}, {exclude: {…}} or never",
	"abr.abandon.every":   "abandon: {lower: {every: …}}",
	"abr.abandon.after":   "abandon: {lower: {after: …}}",
	"abr.abandon.lowest":  "abandon: {lower: {lowest: true}}",
	"abr.abandon.exclude": "abandon: {exclude: {for: …}}",
	"abr.abandon.settle":  "abandon: {exclude: {settle: …}}",
	"abr.abandon.margin":  "abandon: {exclude: {margin: …}}",
	"abr.abandon.saves":   "abandon: {exclude: {saves: …}}",

	"errors.count":   "per_url: true, or nothing",
	"errors.retries": "retry: {limited: {times: …}} or {forever: {}}",
	"errors.delays":  "retry: {limited: {delays: …}}",
	"errors.jitter":  "retry: {limited: {jitter: …}}",
	"buffer.chunk":   "errors: [{then: [{due: {chunk: …}}]}]",
	"buffer.picture": "errors: [{then: [{while_others: {picture: …}}]}]",
	"buffer.sound":   "errors: [{then: [{while_others: {sound: …}}]}]",
	"stall.forgives": "errors: [{then: [{until_starved: {forgives: …}}]}]",

	"penalty.pathway":       "errors: [{then: [{pathway: {for: …}}]}]",
	"penalty.location":      "errors: [{then: [{location: {for: …}}]}]",
	"penalty.of":            "penalty: {level: {…}} or {rendition: {…}}",
	"penalty.return":        "returns: on_error, reselect or at_expiry",
	"penalty.pause":         "penalty: {level_then_pause: {pause: …}}",
	"penalty.pause_unknown": "penalty: {level_then_pause: {unknown: …}}",
	"gap.then":              "gap: {recover: {then: …}}",

	"startup.bandwidth":         "startup: {estimate: {configured: {rate: …}}}",
	"startup.private_bandwidth": "startup: {estimate: {browser: {private: …}}}",
	"startup.noise":             "startup: {estimate: {browser: {noise: …}}}",
	"startup.raise_to":          "startup: {level: {raised: {to: …}}}",
	"startup.share":             "choose: {share: {down: …}}",
	"startup.samples":           "startup: {playlists: {survey: {samples: …}}}",
	"startup.sound":             "startup: {playlists: {survey: {samples: …}}}",
	"startup.probe":             "startup: {playlists: probe}",

	"grouping.redundant": "read: every_variant, {pathways: {key: […]}} or {locations: {key: […]}}",
	"grouping.key":       "read: {pathways: {key: […]}} or {locations: {key: […]}}",

	"reload.from":          "clock: {steady: {…}} for request, {after_request: {…}} for sent, {after_response: {…}} for response",
	"reload.changed":       "clock: {steady: {changed: …}}, or of after_request, after_response and on_demand",
	"reload.unchanged":     "clock: {steady: {unchanged: …}}, or of after_request, after_response and on_demand",
	"reload.near_edge":     "clock: {steady: {near_edge: …}}",
	"reload.overdue":       "clock: {steady: {overdue: true}}",
	"reload.insist":        "clock: {steady: {insist: true}}",
	"reload.audio_after":   "clock: {after_response: {audio_after: true}}",
	"reload.together":      "clock: {shared: {every: …, after_error: …}}",
	"reload.minus_load":    "clock: {shared: {minus_load: …}}",
	"reload.after_error":   "clock: {shared: {after_error: …}}",
	"reload.on_demand":     "clock: {on_demand: {changed: …, unchanged: …}}",
	"reload.init_again":    "loader: {one_thread: {init_again: true}}",
	"reload.keep_mismatch": "playlist: {keep_mismatch: true}",
	"reload.by_text":       "playlist: {by_text: true}",

	"buffer.poll":         "loader: {polling: {every: …}}",
	"buffer.poll_max":     "loader: {polling: {max: …}}",
	"buffer.lead_in":      "loader: {polling: {lead_in: …}}",
	"buffer.init_beside":  "loader: {eager: {init_beside: true}} or {polling: {init_beside: true}}",
	"buffer.repeat_joint": "loader: {eager: {repeat_joint: true}}",
	"buffer.blocks":       "loader: {one_thread: {patience: …}}",

	"live.behind":        "behind: seek_live, window_start, sliding, next or fatal",
	"live.behind_offset": "behind: {window_start: {offset: …}} or {sliding: {offset: …}}",
	"live.behind_once":   "behind: {seek_live: {once: true}}",
	"live.sliding":       "behind: {sliding: {offset: …}}",

	"live.catch_up.slope":     "live: {catch_up: {rate: {slope: …}}}",
	"live.catch_up.min":       "live: {catch_up: {rate: {min: …}}}",
	"live.catch_up.max":       "live: {catch_up: {rate: {max: …}}}",
	"live.catch_up.dead_zone": "live: {catch_up: {rate: {dead_zone: …}}}",

	"timeline.timestamps":   "timeline: {segments: timestamps}",
	"timeline.origin":       "timeline: {segments: {timestamps: {origin: true}}}",
	"timeline.join":         "timeline: {segments: {joined: {within: …}}}",
	"timeline.by":           "timeline: {others: date} or number",
	"timeline.dates":        "timeline: {others: {date: {within: …}}}",
	"timeline.reset":        "timeline: {rewind: {placed: {at: …}}}, wait or fatal",
	"timeline.reset_others": "timeline: {rewind: {wait: {others: true}}}",
	"timeline.reset_retry":  "timeline: {rewind: {wait: {retry: …}}}",

	"stale.detect": "stale: {misses: {…}}, since_change, starved, buffer_end or ignored",
	"stale.after":  "stale: {since_change: {after: …}} or {starved: {after: …}}",
	"stale.once":   "stale: {buffer_end: {once: true}}",
	"stale.trial":  "stale: {buffer_end: {trial: true}}",
	"stale.then":   "stale: {misses: {then: […]}}, or of since_change, starved and buffer_end",
}

// old returns an error for each key of older profiles below a node.
func old(n *yaml.Node, path string) (errs []*yaml.LoadError) {
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			errs = append(errs, old(c, path)...)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			at := strings.TrimPrefix(path+"."+key.Value, ".")
			if now, ok := renamed[at]; ok {
				errs = append(errs, &yaml.LoadError{Mark: yaml.Mark{Line: key.Line, Column: key.Column}, Message: fmt.Sprintf("unknown key (got %s; want %s)", at, now)})
				continue
			}
			errs = append(errs, old(n.Content[i+1], at)...)
		}
	}
	return errs
}
