package trend

import (
	"cmp"
	"math"
	"time"

	"hlsload/reports"
)

const (
	// Day is what slopes are told for.
	Day = 24 * time.Hour
	// Significant is the probability below which a trend is more than chance. A night looks at five
	// things on each machine, so it is a tenth of the usual hundredth.
	Significant = reports.Significant

	// warmUp is how much of a run is left out: a program that has just begun fills its buffers. Of a
	// short run it is a share.
	warmUp      = 30 * time.Minute
	warmUpShare = .25
	// stretch is the length of the stretches of which medians are taken; of a short run, so
	// much that there are fewest of them.
	stretch = 10 * time.Minute
	fewest  = 24
)

// Bound is how much growth is none, in a day, and within the time that is looked at: a short run
// cannot tell less from chance. The larger of the two counts.
type Bound struct {
	Share float64 // of the level
	Least float64 // in the unit of the values
	// Within is how much of it, within the time that is looked at; 0 = all.
	Within float64
}

// Growth is what became of a series.
type Growth struct {
	From, To float64 // the line through it, where looking began and where it ended
	PerDay   float64
	P        float64
	Samples  int  // medians that were looked at
	Enough   bool // they say something
	Grows    bool
}

// Look looks at a series up to an instant: it grows if it does so by more than chance, by
// more than the bound, and still does so in the second half of the time: what fills up
// at first and then stays is no leak.
func Look(points []Point, end time.Duration, b Bound) Growth {
	from := WarmUp(end)
	each := min(stretch, (end-from)/fewest)
	if each <= 0 {
		return Judge(nil, b)
	}
	return Judge(Medians(points, from, each), b)
}

// WarmUp is how much of a run that takes so long is left out.
func WarmUp(end time.Duration) time.Duration {
	return min(warmUp, time.Duration(warmUpShare*float64(end)))
}

// Judge is [Look] for medians of stretches of time.
func Judge(medians []Point, b Bound) Growth {
	if len(medians) < least {
		return Growth{From: math.NaN(), To: math.NaN(), PerDay: math.NaN(), P: math.NaN(), Samples: len(medians)}
	}
	slope := Slope(medians)
	first, last := medians[0].At, medians[len(medians)-1].At
	g := Growth{From: Level(medians, slope, first), To: Level(medians, slope, last), PerDay: slope * Day.Seconds(), P: Rising(medians), Samples: len(medians), Enough: true}
	bound := max(b.Share*math.Abs(g.From), b.Least)
	late := Slope(medians[len(medians)/2:]) * Day.Seconds()
	g.Grows = g.P < Significant && g.PerDay > bound && late > bound && late > g.PerDay/3 && g.To-g.From > bound*cmp.Or(b.Within, 1)
	return g
}
