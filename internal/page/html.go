package page

import (
	"crypto/sha256"
	_ "embed" // the pages are part of the program
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/kindred-match/kindred/matcher/place"
)

//go:embed page.html
var pageText string

//go:embed style.css
var style string

//go:embed script.js
var script string

// pages are the templates: report and students.
var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"style":     func() template.CSS { return template.CSS(style) }, // #nosec G203 -- our own file
	"script":    func() template.JS { return template.JS(script) },  // #nosec G203 -- our own file
	"policy":    func() string { return policy },
	"whole":     whole,
	"spoken":    spoken,
	"percent":   percent,
	"objective": objectiveText,
	"ratio":     ratioText,
	"funnel":    func(v *view, value string, f *Funnel) funnelRow { return funnelRow{v, value, f} },
	"decimal":   func(v float64) string { return fmt.Sprintf("%.3f", v) },
}).Parse(pageText))

// policy lets a browser run the page's own script and style, and load nothing.
var policy = fmt.Sprintf("default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src '%s'; script-src '%s'",
	fingerprint(style), fingerprint(script))

func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// view is what the template of the report shows.
type view struct {
	*Report
	Figures           []figure
	RankPlot          *drawing
	ScorePlot         *drawing
	Demands           []*drawing
	Busiest, Emptiest *drawing
	GroupPlots        []*drawing
	LotteryPlot       *drawing // nil without several lotteries
	ComparePlots      []*drawing
	Under, All        *list
	Ranked            bool // somebody has preferences
	UnplacedReasons   []figure
	HasCutoffs        bool
}

// funnelRow is a group's row in a table.
type funnelRow struct {
	View   *view
	Value  string
	Funnel *Funnel
}

// figure is a number with what it is of.
type figure struct{ Value, Name, Note string }

// busy is how many of the busiest and of the emptiest opportunities are shown.
const busy = 10

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	o := &r.Outcome
	v := view{
		Report: r, RankPlot: r.rankPlot(), ScorePlot: r.scorePlot(), ComparePlots: r.comparePlots(),
		Figures: []figure{
			{percent(o.Placed, o.Students), "placed", whole(o.Placed) + " of " + whole(o.Students) + " students"},
			{percent(o.First, o.Students), "first choice", whole(o.First) + " students"},
			{percent(o.TopThree, o.Students), "one of the first three", whole(o.TopThree) + " students"},
			{fmt.Sprintf("%.3f", o.MeanScore), "mean score", "of the placed; 1 fits best"},
			{percent(o.Placed, o.Seats), "of the seats taken", whole(o.Placed) + " of " + whole(o.Seats)},
		},
		Demands: []*drawing{
			demandPlot("kinds", "By kind of opportunity", r.Kinds),
			demandPlot("partner-kinds", "By kind of partner", r.PartnerKinds),
			demandPlot("tags", "By tag", r.Tags),
		},
		Busiest:  r.opportunityPlot("busiest", "The busiest opportunities", "No opportunity has more first choices than seats.", busiest(r.Offered, busy)),
		Emptiest: r.opportunityPlot("emptiest", "The emptiest opportunities", "All seats are taken.", emptiest(r.Offered, busy)),
		Under:    r.opportunityList("under", "Opportunities under their minimum", (*Opportunity).Under),
		All:      r.opportunityList("opportunities", "All published opportunities", func(*Opportunity) bool { return true }),
		Ranked:   r.Audit.All != nil && r.Audit.All.Ranked > 0,
	}
	for i := range r.Audit.Names {
		v.GroupPlots = append(v.GroupPlots, groupPlot(i, &r.Audit.Names[i]))
	}
	if r.Lotteries != nil {
		v.LotteryPlot = r.Lotteries.plot()
	}
	for _, u := range r.Unplaced {
		v.UnplacedReasons = append(v.UnplacedReasons, figure{whole(u.Students), string(u.Reason), reasonText(u.Reason)})
	}
	for i := range r.Offered {
		v.HasCutoffs = v.HasCutoffs || r.Offered[i].Cutoff != nil
	}
	return pages.ExecuteTemplate(w, "report", &v)
}

// WriteHTML writes the students' page.
func (s *Students) WriteHTML(w io.Writer) error {
	return pages.ExecuteTemplate(w, "students", struct {
		*Students
		PlacedList, UnplacedList *list
	}{s, s.placedList(), s.unplacedList()})
}

// objectiveText says what a placement is the best of.
func objectiveText(o place.Objective) string {
	switch o {
	case place.Stable:
		return "the stable placement that is best for every student: nobody could have something better without taking the seat of a student with higher priority"
	case place.Welfare:
		return "the largest sum of scores"
	case place.MaxPlaced:
		return "the most students placed, and then the largest sum of scores"
	case place.MinRank:
		return "the most students placed, and then the smallest sum of ranks"
	case place.Greedy:
		return "the most students placed, and then the most first choices, then second, and so on"
	case place.Generous:
		return "the most students placed, and then the fewest at the worst rank, then at the next worst, and so on"
	case place.Maximin:
		return "the most students placed, and then the lowest score as high as it can be"
	case place.Serial:
		return "in lottery order, each student took the best of its list that was free"
	default:
		return string(o)
	}
}

// ratioText is a ratio with its interval.
func ratioText(r *Ratio) string {
	switch {
	case r == nil:
		return "–"
	case r.Value == 1 && r.Interval == (Interval{1, 1}):
		return "1.00 (the largest)"
	default:
		return fmt.Sprintf("%.2f (%.2f–%.2f)", r.Value, r.Interval.Low, r.Interval.High)
	}
}
