package matcher_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/matcher"
)

// Random districts: few tags, few distinct weights and values of attributes,
// so that shared tags, equal units and every rule are common.

// settings are drawn with a district's rows, so that statistics fit the tags.
type world struct {
	matcher.Catalogue
	students []matcher.Student
	settings matcher.Settings
}

func (w *world) index(t rapid.TB) *matcher.Index { return index(t, w.Catalogue, w.settings) }

func index(t rapid.TB, c matcher.Catalogue, s matcher.Settings) *matcher.Index {
	t.Helper()
	x, err := matcher.NewIndex(c, s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (w *world) oracle() *oracle.District { return brute(w.Catalogue, w.settings) }

// brute is the oracle of a catalogue.
func brute(c matcher.Catalogue, s matcher.Settings) *oracle.District {
	settings := oracle.Settings{Decay: s.Decay, IDF: s.IDF, Measure: string(s.Measure)}
	if s.Statistics != nil {
		settings.Statistics = &oracle.Statistics{Published: s.Statistics.Published, Frequency: s.Statistics.Frequency}
	}
	return oracle.New(c.Tags, c.Partners, c.Opportunities, settings)
}

func drawWorld(t *rapid.T) *world {
	w := &world{}
	w.Tags = drawTags(t)
	w.Partners = drawPartners(t)
	names := tagNames(w.Tags)
	for i := range rapid.IntRange(0, 24).Draw(t, "opportunities") {
		w.Opportunities = append(w.Opportunities, drawOpportunity(t, opportunityID(t, i), names, w.Partners))
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "students") {
		w.students = append(w.students, drawStudent(t, fmt.Sprint("s", i), names))
	}
	w.settings = drawSettings(t, names)
	return w
}

func drawSettings(t *rapid.T, names []string) matcher.Settings {
	s := matcher.Settings{
		Measure: rapid.SampledFrom(matcher.Measures).Draw(t, "measure"),
		IDF:     rapid.Bool().Draw(t, "idf"),
	}
	switch rapid.SampledFrom([]string{"none", "half", "all", "any"}).Draw(t, "decay") {
	case "half":
		s.Decay = matcher.DefaultDecay
	case "all":
		s.Decay = matcher.One
	case "any":
		s.Decay = rapid.Uint16Range(0, matcher.One).Draw(t, "decay of any")
	}
	if s.IDF && rarely(t, "statistics given") {
		s.Statistics = &matcher.Statistics{
			Published: int64(rapid.IntRange(1, 10_000_000).Draw(t, "published")),
			Frequency: map[string]int64{},
		}
		for _, name := range names {
			if rapid.Bool().Draw(t, "frequent") {
				s.Statistics.Frequency[name] = int64(rapid.IntRange(1, int(s.Statistics.Published)).Draw(t, "frequency"))
			}
		}
	}
	return s
}

func drawTags(t *rapid.T) []matcher.Tag {
	var tags []matcher.Tag
	for i := range rapid.IntRange(0, 12).Draw(t, "tags") {
		tag := matcher.Tag{
			ID:         fmt.Sprint("t", i),
			Importance: rapid.SampledFrom([]float64{1, 1, 1, 2, 0.5, 10, 0.0007, 0.0001, 1.2345}).Draw(t, "importance"),
		}
		if i > 0 && rapid.Bool().Draw(t, "has a parent") {
			tag.Parent = fmt.Sprint("t", rapid.IntRange(0, i-1).Draw(t, "parent"))
		}
		for j := range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "synonyms") {
			tag.Synonyms = append(tag.Synonyms, fmt.Sprint("syn", i, "-", j))
		}
		tags = append(tags, tag)
	}
	// Parents need not come first.
	return rapid.Permutation(tags).Draw(t, "order of tags")
}

// tagNames are all names that rows may use: tags, synonyms and a few that are
// not listed.
func tagNames(tags []matcher.Tag) []string {
	names := []string{"unlisted", "other unlisted", "ünlisted"}
	for _, tag := range tags {
		names = append(names, tag.ID)
		names = append(names, tag.Synonyms...)
	}
	return names
}

func drawWeighted(t *rapid.T, names []string, least int) []matcher.Weighted {
	var own []matcher.Weighted
	for range rapid.IntRange(least, 7).Draw(t, "own tags") {
		w := rapid.SampledFrom([]matcher.Weight{5000, 10000, 10000, 5000, 2500, 1, 2, 0}).Draw(t, "weight")
		if w == 0 {
			w = rapid.Uint16Range(1, matcher.One).Draw(t, "weight of any")
		}
		own = append(own, matcher.Weighted{Tag: rapid.SampledFrom(names).Draw(t, "tag"), Weight: w})
	}
	return own
}

func drawPartners(t *rapid.T) []matcher.Partner {
	var partners []matcher.Partner
	for i := range rapid.IntRange(0, 4).Draw(t, "partners") {
		p := matcher.Partner{
			ID:   fmt.Sprint("p", i),
			Kind: rapid.SampledFrom([]matcher.PartnerKind{"", "business", "community"}).Draw(t, "kind of partner"),
		}
		if rarely(t, "has a cap") {
			p.MaxSeats = new(rapid.Int32Range(0, 2).Draw(t, "max_seats"))
		}
		partners = append(partners, p)
	}
	return partners
}

// opportunityID makes ids whose order of bytes isn't that of their numbers,
// nor of any alphabet.
func opportunityID(t *rapid.T, i int) string {
	return rapid.SampledFrom([]string{"o", "o", "O", "ö", " "}).Draw(t, "prefix") + strconv.Itoa(i)
}

var (
	grades      = []string{"9", "10"}
	regions     = []string{"north", "south"}
	slots       = []string{"mon", "tue", "wed"}
	credentials = []string{"cpr", "osha"}
	terms       = []string{"", "fall", "spring"}
	kinds       = []matcher.OpportunityKind{"", "internship", "mentorship"}
	dates       = []matcher.Date{20260831, 20260901, 20260902}
	positions   = []matcher.Position{{}, {Latitude: 40.7, Longitude: -74}, {Latitude: 40.8, Longitude: -73.9}, {Latitude: -40.7, Longitude: 106}}
)

func drawOpportunity(t *rapid.T, id string, names []string, partners []matcher.Partner) matcher.Opportunity {
	o := matcher.Opportunity{
		ID:     id,
		Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
		Term:   rapid.SampledFrom(terms).Draw(t, "term"),
		Seats:  rapid.SampledFrom([]int32{1, 1, 5, 0, 2, 1}).Draw(t, "seats"),
		Boost:  rapid.SampledFrom([]float64{1, 1, 1, 0.5, 2, 1.0005, 0}).Draw(t, "boost"),
		Status: rapid.SampledFrom([]matcher.Status{"published", "published", "published", "published", "draft", "closed"}).Draw(t, "status"),
		Tags:   drawWeighted(t, names, 0),
	}
	if o.Boost == 0 {
		o.Boost = rapid.Float64Range(0.5, 2).Draw(t, "boost of any")
	}
	if len(partners) > 0 && rapid.Bool().Draw(t, "has a partner") {
		o.Partner = rapid.SampledFrom(partners).Draw(t, "partner").ID
	}
	if rarely(t, "opens") {
		o.Opens = rapid.SampledFrom(dates).Draw(t, "opens")
	}
	if rarely(t, "closes") {
		o.Closes = rapid.SampledFrom(dates).Draw(t, "closes")
	}
	o.Grades = drawSome(t, "grades", grades)
	o.Regions = drawSome(t, "regions", regions)
	o.Remote = rarely(t, "remote")
	o.Slots = drawSome(t, "slots", slots)
	o.Requires = drawSome(t, "requires", credentials)
	if rarely(t, "has a minimum age") {
		o.MinAge = new(rapid.Int32Range(15, 17).Draw(t, "min_age"))
	}
	o.Position = drawPosition(t)
	return o
}

func drawStudent(t *rapid.T, id string, names []string) matcher.Student {
	s := matcher.Student{
		ID:          id,
		Grade:       rapid.SampledFrom([]string{"9", "10", ""}).Draw(t, "grade"),
		Region:      rapid.SampledFrom([]string{"north", "south", ""}).Draw(t, "region"),
		Credentials: drawSome(t, "credentials", credentials),
		Slots:       drawSome(t, "slots", slots),
		Position:    drawPosition(t),
		Interests:   drawWeighted(t, names, 1),
	}
	if rapid.Bool().Draw(t, "has an age") {
		s.Age = new(rapid.Int32Range(15, 17).Draw(t, "age"))
	}
	if rarely(t, "has max_km") {
		s.MaxKm = new(rapid.SampledFrom([]float64{0, 10, 16, 9000, 30000}).Draw(t, "max_km"))
	}
	return s
}

func drawPosition(t *rapid.T) *matcher.Position {
	if rapid.Bool().Draw(t, "has a position") {
		return nil
	}
	return new(rapid.SampledFrom(positions).Draw(t, "position"))
}

// drawSome is mostly nothing, else some of the items.
func drawSome[T any](t *rapid.T, label string, items []T) []T {
	if !rarely(t, label) {
		return nil
	}
	some := rapid.Permutation(items).Draw(t, label)
	return slices.Clone(some[:rapid.IntRange(0, len(some)).Draw(t, label)])
}

func rarely(t *rapid.T, label string) bool {
	return rapid.SampledFrom([]bool{false, false, false, false, false, true}).Draw(t, label)
}

// query draws what is asked of a ranking, but for the student.
func (w *world) query(t *rapid.T) matcher.Query {
	q := matcher.Query{
		AsOf:          rapid.SampledFrom(dates).Draw(t, "as of"),
		K:             rapid.SampledFrom([]int{1, 2, 3, 5, 10, 100, 2000, math.MaxInt}).Draw(t, "k"),
		MaxPerPartner: rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "max per partner"),
		Kinds:         drawSome(t, "kinds wanted", kinds),
		PartnerKinds:  drawSome(t, "partner kinds wanted", []matcher.PartnerKind{"business", "community"}),
	}
	if rarely(t, "has a term") {
		q.Term = rapid.SampledFrom(terms).Draw(t, "term wanted")
	}
	q.Exclude = w.drawIDs(t, "excluded")
	q.Forbidden = w.drawIDs(t, "forbidden")
	return q
}

func (w *world) drawIDs(t *rapid.T, label string) map[string]bool {
	ids := map[string]bool{}
	for _, o := range drawSome(t, label, w.Opportunities) {
		ids[o.ID] = !rarely(t, "as not "+label)
	}
	return ids
}

// options are the query's for the oracle.
func options(q *matcher.Query) oracle.Options {
	return oracle.Options{
		AsOf: q.AsOf, Term: q.Term, K: q.K, MaxPerPartner: q.MaxPerPartner,
		Kinds: q.Kinds, PartnerKinds: q.PartnerKinds, Exclude: q.Exclude, Forbidden: q.Forbidden,
	}
}
