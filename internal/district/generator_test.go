package district

import (
	"bytes"
	"io"
	"slices"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// folders draws folders that keep the rules, each list short, ids awkward.
func folders(t *rapid.T) *Folder {
	f := &Folder{}
	names := distinct(t, "tag", tagName, 8)
	drawTags(t, f, names)
	for _, id := range distinct(t, "partner", id, 4) {
		f.Partners = append(f.Partners, matcher.Partner{
			ID: id, Name: freeText(t), Kind: oneOf(t, matcher.PartnerKinds, ""), Region: maybe(t),
			MaxSeats: pointer(t, rapid.Int32Range(0, matcher.MaxInteger)), Goals: lists(t),
		})
	}
	for _, o := range distinct(t, "opportunity", id, 6) {
		f.Opportunities = append(f.Opportunities, drawOpportunity(t, f, o, names))
	}
	for _, s := range distinct(t, "student", id, 6) {
		f.Students = append(f.Students, drawStudent(t, s, names))
	}
	drawRows(t, f)
	return f
}

func drawTags(t *rapid.T, f *Folder, names []string) {
	listed := rapid.IntRange(0, len(names)).Draw(t, "listed")
	for i, id := range names[:listed] {
		tag := matcher.Tag{ID: id, Label: freeText(t), Importance: rapid.SampledFrom([]float64{1, 0.5, 10, 1e-9, 1.0 / 3}).Draw(t, "importance")}
		if i > 0 && rapid.Bool().Draw(t, "child") {
			tag.Parent = names[rapid.IntRange(0, i-1).Draw(t, "parent")]
		}
		if s := "also " + id; len(s) <= matcher.MaxIDBytes && !slices.Contains(names, s) && rapid.Bool().Draw(t, "synonym") {
			tag.Synonyms = []string{s}
		}
		f.Tags = append(f.Tags, tag)
	}
}

func drawOpportunity(t *rapid.T, f *Folder, id string, names []string) matcher.Opportunity {
	o := matcher.Opportunity{
		ID: id, Title: freeText(t), Kind: oneOf(t, matcher.OpportunityKinds, ""), Term: maybe(t),
		Seats: rapid.Int32Range(0, 9).Draw(t, "seats"), MinSeats: rapid.Int32Range(0, 2).Draw(t, "min_seats"),
		MinPolicy: oneOf(t, matcher.MinPolicies, matcher.MinHard), Status: oneOf(t, matcher.Statuses, matcher.Published),
		Grades: lists(t), Regions: lists(t), Slots: lists(t), Requires: lists(t), Goals: lists(t),
		Remote: rapid.Bool().Draw(t, "remote"), MinAge: pointer(t, rapid.Int32Range(0, 99)), Position: somewhere(t),
		Opens: drawDate(t), Closes: drawDate(t), Boost: rapid.Float64Range(0.5, 2).Draw(t, "boost"), Tags: weighted(t, names),
	}
	if len(f.Partners) > 0 && rapid.Bool().Draw(t, "with partner") {
		o.Partner = rapid.SampledFrom(f.Partners).Draw(t, "partner").ID
	}
	return o
}

func drawStudent(t *rapid.T, id string, names []string) matcher.Student {
	s := matcher.Student{
		ID: id, Grade: maybe(t), School: maybe(t), Region: maybe(t), Age: pointer(t, rapid.Int32Range(0, 99)),
		Slots: lists(t), Credentials: lists(t), Position: somewhere(t), MaxKm: pointer(t, rapid.Float64Range(0, 1e300)),
		Interests: weighted(t, names),
	}
	for _, name := range distinct(t, "group", groupName, 2) {
		s.Groups = append(s.Groups, matcher.Group{Name: name, Value: items.Draw(t, "value")})
	}
	return s
}

// drawRows gives each student its rows for some of the opportunities, and
// mixes the rows.
func drawRows(t *rapid.T, f *Folder) {
	rows := &f.Rows
	seats := make(map[string]int32)
	for _, s := range f.Students {
		placed := false
		for i, o := range f.Opportunities {
			pick := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
			if pick("preference") {
				rows.Preferences = append(rows.Preferences, place.Preference{Student: s.ID, Opportunity: o.ID, Rank: int32(i + 1)})
			}
			if pick("score") {
				rows.Scores = append(rows.Scores, place.Score{Student: s.ID, Opportunity: o.ID, Score: rapid.Float64Range(1e-300, 1).Draw(t, "score")})
			}
			if pick("priority") {
				tier := rapid.Int32Range(1, place.MaxRank).Draw(t, "tier")
				rows.Priorities = append(rows.Priorities, place.Priority{Opportunity: o.ID, Student: s.ID, Tier: tier})
			}
			if pick("forbid") {
				rows.Locks = append(rows.Locks, place.Lock{Student: s.ID, Opportunity: o.ID, Action: place.Forbid, Reason: freeText(t)})
			} else if !placed && o.Partner == "" && seats[o.ID] < o.Seats && pick("place") {
				placed = true
				seats[o.ID]++
				rows.Locks = append(rows.Locks, place.Lock{Student: s.ID, Opportunity: o.ID, Action: place.Place})
			}
		}
		if len(f.Opportunities) > 0 && rapid.Bool().Draw(t, "standing") {
			rows.Standing = append(rows.Standing, place.Standing{Student: s.ID, Opportunity: rapid.SampledFrom(f.Opportunities).Draw(t, "at").ID})
		}
	}
	for _, o := range f.Opportunities {
		for _, name := range distinct(t, "reserved", groupName, 2) {
			g := matcher.Group{Name: name, Value: rapid.SampledFrom([]string{"x", "y=z", "a;b"}).Draw(t, "reserved value")}
			rows.Reserves = append(rows.Reserves, place.Reserve{Opportunity: o.ID, Group: g, Seats: rapid.Int32Range(0, 3).Draw(t, "reserved seats")})
		}
	}
	rows.Preferences = shuffled(t, rows.Preferences)
	rows.Scores = shuffled(t, rows.Scores)
	rows.Priorities = shuffled(t, rows.Priorities)
	rows.Locks = shuffled(t, rows.Locks)
}

func shuffled[T any](t *rapid.T, rows []T) []T {
	if len(rows) == 0 {
		return nil
	}
	return rapid.Permutation(rows).Draw(t, "order")
}

// Ids, texts and items as they can be, and as they are likely to go wrong.
var (
	runes = []rune{'a', 'b', 'Z', '0', '9', ' ', '"', ',', ';', '=', '\'', '\\', '{', '[', ':', '#', 'é', '漢', '\u00a0', '\ufeff', '.', '<', '&'}

	id        = rapid.StringOfN(rapid.RuneFrom(runes), 1, 6, 128).Filter(func(s string) bool { return clean(s) == s && s != "" })
	items     = rapid.StringOfN(rapid.RuneFrom(without(';')), 1, 6, 128).Filter(func(s string) bool { return clean(s) == s && s != "" })
	tagName   = rapid.StringOfN(rapid.RuneFrom(without(';', '=')), 1, 6, 128).Filter(func(s string) bool { return clean(s) == s && s != "" })
	groupName = tagName
	texts     = rapid.StringOfN(rapid.RuneFrom(append([]rune{'\n', '\t'}, runes...)), 0, 12, -1).Filter(func(s string) bool { return clean(s) == s })
)

func without(out ...rune) []rune {
	return slices.DeleteFunc(slices.Clone(runes), func(r rune) bool { return slices.Contains(out, r) })
}

func freeText(t *rapid.T) string { return texts.Draw(t, "text") }

func maybe(t *rapid.T) string {
	if rapid.Bool().Draw(t, "said") {
		return id.Draw(t, "id")
	}
	return ""
}

func distinct(t *rapid.T, label string, g *rapid.Generator[string], limit int) []string {
	return rapid.SliceOfNDistinct(g, 0, limit, rapid.ID[string]).Draw(t, label)
}

func lists(t *rapid.T) []string {
	if l := rapid.SliceOfN(items, 0, 3).Draw(t, "list"); len(l) > 0 {
		return l
	}
	return nil
}

func oneOf[S ~string](t *rapid.T, words []S, also S) S {
	return rapid.SampledFrom(append([]S{also}, words...)).Draw(t, "word")
}

func pointer[T any](t *rapid.T, g *rapid.Generator[T]) *T {
	return rapid.Ptr(g, true).Draw(t, "optional")
}

func somewhere(t *rapid.T) *matcher.Position {
	if rapid.Bool().Draw(t, "nowhere") {
		return nil
	}
	return &matcher.Position{
		Latitude:  rapid.Float64Range(-90, 90).Draw(t, "latitude"),
		Longitude: rapid.Float64Range(-180, 180).Draw(t, "longitude"),
	}
}

func drawDate(t *rapid.T) matcher.Date {
	return matcher.Date(rapid.SampledFrom([]int32{0, 20260101, 20240229, 99991231, 10101}).Draw(t, "date"))
}

func weighted(t *rapid.T, names []string) []matcher.Weighted {
	var ws []matcher.Weighted
	for _, n := range names {
		if rapid.Bool().Draw(t, "has tag") {
			ws = append(ws, matcher.Weighted{Tag: n, Weight: matcher.Weight(rapid.IntRange(1, 10000).Draw(t, "weight"))})
		}
	}
	return ws
}

// inMemory writes a folder into a file system in memory.
func inMemory(f *Folder, format Format) (fstest.MapFS, error) {
	m := fstest.MapFS{}
	w := newWriter(format, func(name string) (io.WriteCloser, error) { return &memoryFile{into: m, name: name}, nil })
	if err := w.folder(f); err != nil {
		return nil, err
	}
	return m, w.complete()
}

type memoryFile struct {
	bytes.Buffer
	into fstest.MapFS
	name string
}

func (f *memoryFile) Close() error {
	f.into[f.name] = &fstest.MapFile{Data: f.Bytes()}
	return nil
}
