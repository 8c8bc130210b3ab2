package remedy

import (
	"slices"
	"strconv"

	"hlsload/player"
	"hlsload/player/policy"
)

// Rule is something that the policies of a profile say of a player.
type Rule struct {
	Text string // as in "never leaves a playlist that stands still"
	of   func(*player.Profile) bool
}

// The rules. Any profile whose policies say so has them, shipped or not.
var (
	anyPlayer = Rule{"any", func(*player.Profile) bool { return true }}

	keepsStale = Rule{"`stale: ignored`, or `misses: 0`", func(p *player.Profile) bool {
		return redundant.of(p) && (p.Stale.Name() == "ignored" || uncounted.of(p))
	}}
	uncounted = Rule{"`stale: {misses: {misses: 0}}`", func(p *player.Profile) bool {
		return redundant.of(p) && p.Stale.Name() == "misses" && misses(p) == 0
	}}
	counted   = Rule{"`stale: {misses: …}`, 1 and more", func(p *player.Profile) bool { return redundant.of(p) && misses(p) > 0 }}
	leavesDry = Rule{"`stale: buffer_end`", func(p *player.Profile) bool { return p.Stale.Name() == "buffer_end" }}
	endsDry   = Rule{"`stale: starved`", func(p *player.Profile) bool { return p.Stale.Name() == "starved" }}
	patient   = Rule{"`stale` other than `starved`", func(p *player.Profile) bool { return redundant.of(p) && !endsDry.of(p) }}

	redundant = Rule{"`errors` that take something else after a 404", func(p *player.Profile) bool { return leaves(p, "media", player.Cause4xx, 404) }}
	alone     = Rule{"`errors` that never take anything else", func(p *player.Profile) bool { return !redundant.of(p) && !leaves(p, "segment", player.Cause4xx, 404) }}
	ends      = Rule{"`errors` of playlists that end in `fatal`", func(p *player.Profile) bool { return redundant.of(p) && endsAfter(p) }}
	endsEarly = Rule{"`errors` with `at_start` and `fatal`", func(p *player.Profile) bool {
		return slices.ContainsFunc(p.Errors, func(r player.ErrorRule) bool {
			return r.AtStart && slices.Contains(r.Kinds, "media") && has(&r, "fatal")
		})
	}}
	bears = Rule{"`errors` of a pathway that end in `fatal`", func(p *player.Profile) bool {
		r := rule(p, "media", player.Cause4xx, 404)
		return r != nil && has(r, "pathway") && has(r, "fatal")
	}}
	insists = Rule{"`errors` that retry a 5xx and leave at a 404", func(p *player.Profile) bool {
		r := rule(p, "media", player.Cause5xx, 503)
		first := rule(p, "media", player.Cause4xx, 404)
		return r != nil && first != nil && r.Retry.Name() == "limited" && first.Retry.Name() == "" && redundant.of(p)
	}}
	choosy = Rule{"`errors` that leave for some statuses only", func(p *player.Profile) bool {
		return redundant.of(p) && !leaves(p, "media", player.CauseNetwork, 0)
	}}
	keepsSegments = Rule{"`errors` of segments that never take anything else", func(p *player.Profile) bool {
		return redundant.of(p) && !leaves(p, "segment", player.Cause4xx, 404)
	}}
	leavesSegments = Rule{"`errors` of segments that take something else", func(p *player.Profile) bool { return leaves(p, "segment", player.Cause4xx, 404) }}
	adapts         = Rule{"`choose` other than `never`", func(p *player.Profile) bool { return p.Choose.Name() != "never" }}
	oneByOne       = Rule{"`loader: one_thread`", func(p *player.Profile) bool { return p.Loader.Name() == "one_thread" }}
)

// moves are the steps of recovery that lead to another playlist.
var moves = []string{"level", "pathway", "location", "reselect", "ban", "clear"}

func leaves(p *player.Profile, kind, cause string, status int) bool {
	r := rule(p, kind, cause, status)
	return r != nil && slices.ContainsFunc(moves, func(step string) bool { return has(r, step) })
}

// endsAfter reports whether playlists that are nowhere to be had end the session.
func endsAfter(p *player.Profile) bool {
	r := rule(p, "media", player.Cause4xx, 404)
	return r != nil && !has(r, "reload") && !has(r, "clear") && (has(r, "fatal") || has(r, "until_starved"))
}

// rule is what the profile does after such a failure while it plays.
func rule(p *player.Profile, kind, cause string, status int) *player.ErrorRule {
	for i := range p.Errors {
		r := &p.Errors[i]
		if r.AtStart || !slices.Contains(r.Kinds, kind) || len(r.Tracks) > 0 && !slices.Contains(r.Tracks, "main") {
			continue
		}
		if slices.ContainsFunc(r.Causes, func(c string) bool { return c == player.CauseAny || c == cause || c == strconv.Itoa(status) }) {
			return r
		}
	}
	return nil
}

func has(r *player.ErrorRule, step string) bool {
	for _, s := range r.Then {
		if s.Name() == step {
			return true
		}
	}
	return false
}

// misses is how many reloads without change make a playlist stale; 0 = none do.
func misses(p *player.Profile) (n int) {
	policy.Walk(&p.Stale, func(v policy.Parameter) {
		if m, ok := v.Value.(*int); ok && v.Path == "misses.misses" {
			n = *m
		}
	})
	return n
}
