package service

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// reachesAll makes sure that each name has a value of its own and comes back.
func reachesAll[S ~string](t *testing.T, names []S, there func(S) int32, back func(int32) S) {
	t.Helper()
	seen := map[int32]bool{0: true}
	for _, name := range names {
		n := there(name)
		if seen[n] || back(n) != name {
			t.Errorf("%q becomes %d, which becomes %q", name, n, back(n))
		}
		seen[n] = true
	}
}

func TestEveryNameHasItsValue(t *testing.T) {
	none := func(field, rule string) { t.Errorf("%s: %s", field, rule) }
	reachesAll(t, matcher.PartnerKinds, partnerKinds.number,
		func(n int32) matcher.PartnerKind { return partnerKinds.domain(kindredv1.PartnerKind(n), "kind", none) })
	reachesAll(t, matcher.OpportunityKinds, opportunityKinds.number,
		func(n int32) matcher.OpportunityKind {
			return opportunityKinds.domain(kindredv1.OpportunityKind(n), "kind", none)
		})
	reachesAll(t, matcher.Statuses, statuses.number,
		func(n int32) matcher.Status { return statuses.domain(kindredv1.OpportunityStatus(n), "status", none) })
	reachesAll(t, matcher.MinPolicies, minPolicies.number,
		func(n int32) matcher.MinPolicy { return minPolicies.domain(kindredv1.MinPolicy(n), "min_policy", none) })
	reachesAll(t, matcher.Measures, measures.number,
		func(n int32) matcher.Measure { return measures.domain(kindredv1.Measure(n), "measure", none) })
	reachesAll(t, []place.Action{place.Place, place.Forbid}, lockActions.number,
		func(n int32) place.Action { return lockActions.domain(kindredv1.LockAction(n), "action", none) })
	reachesAll(t, []store.Kind{
		store.KindTag, store.KindPartner, store.KindOpportunity, store.KindSeats, store.KindSettings, store.KindStatistics,
	}, changeKinds.number, func(n int32) store.Kind { return changeKinds.domain(kindredv1.ChangeKind(n), "kind", none) })
	var v violations
	if got := measures.domain(99, "measure", v.under("x")); got != "" || v.count != 1 {
		t.Errorf("the unknown measure is %q with %d findings", got, v.count)
	}
}

var (
	ids   = rapid.StringMatching(`[a-zé0-9 ]{1,12}`)
	lists = rapid.Custom(func(t *rapid.T) []string {
		return orNil(rapid.SliceOfN(ids, 0, 3).Draw(t, "list"))
	})
	integers = rapid.Int32Range(0, matcher.MaxInteger)
	dates    = rapid.SampledFrom([]matcher.Date{0, 20260131, 20240229, 19991231})
	weights  = rapid.Custom(func(t *rapid.T) []matcher.Weighted {
		var tags []matcher.Weighted
		for _, tag := range rapid.SliceOfNDistinct(ids, 0, 5, rapid.ID).Draw(t, "tags") {
			tags = append(tags, matcher.Weighted{Tag: tag, Weight: rapid.Uint16Range(1, matcher.One).Draw(t, "weight")})
		}
		slices.SortFunc(tags, func(a, b matcher.Weighted) int {
			if a.Tag < b.Tag {
				return -1
			}
			return 1
		})
		return tags
	})
	positions = rapid.Custom(func(t *rapid.T) *matcher.Position {
		return &matcher.Position{
			Latitude:  rapid.Float64Range(-90, 90).Draw(t, "latitude"),
			Longitude: rapid.Float64Range(-180, 180).Draw(t, "longitude"),
		}
	})
)

func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func optionalOf[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	if !rapid.Bool().Draw(t, label+" is given") {
		return nil
	}
	v := g.Draw(t, label)
	return &v
}

func drawOpportunity(t *rapid.T) matcher.Opportunity {
	o := matcher.Opportunity{
		ID: ids.Draw(t, "id"), Partner: ids.Draw(t, "partner"), Title: ids.Draw(t, "title"),
		Kind: rapid.SampledFrom(matcher.OpportunityKinds).Draw(t, "kind"), Term: ids.Draw(t, "term"),
		Seats: integers.Draw(t, "seats"), MinSeats: integers.Draw(t, "min_seats"),
		MinPolicy: rapid.SampledFrom(matcher.MinPolicies).Draw(t, "min_policy"),
		Grades:    lists.Draw(t, "grades"), Regions: lists.Draw(t, "regions"), Remote: rapid.Bool().Draw(t, "remote"),
		Slots: lists.Draw(t, "slots"), Requires: lists.Draw(t, "requires"), MinAge: optionalOf(t, integers, "min_age"),
		Opens: dates.Draw(t, "opens"), Closes: dates.Draw(t, "closes"), Goals: lists.Draw(t, "goals"),
		Boost: rapid.Float64Range(0.5, 2).Draw(t, "boost"), Status: rapid.SampledFrom(matcher.Statuses).Draw(t, "status"),
		Tags: weights.Draw(t, "tags"),
	}
	if rapid.Bool().Draw(t, "position") {
		o.Position = positions.Draw(t, "position")
	}
	return o
}

func drawStudent(t *rapid.T) *matcher.Student {
	s := &matcher.Student{
		ID: ids.Draw(t, "id"), Grade: ids.Draw(t, "grade"), School: ids.Draw(t, "school"), Region: ids.Draw(t, "region"),
		Age: optionalOf(t, integers, "age"), Slots: lists.Draw(t, "slots"), Credentials: lists.Draw(t, "credentials"),
		MaxKm: optionalOf(t, rapid.Float64Range(0, 1e4), "max_km"), Interests: weights.Draw(t, "interests"),
	}
	for _, name := range lists.Draw(t, "groups") {
		s.Groups = append(s.Groups, matcher.Group{Name: name, Value: ids.Draw(t, "value") + "=x"})
	}
	if rapid.Bool().Draw(t, "position") {
		s.Position = positions.Draw(t, "position")
	}
	return s
}

// sentOver is what arrives of a message that is sent.
func sentOver[M proto.Message](t *rapid.T, m M) M {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	got := m.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(b, got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatIsRenderedIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		report := func(field, rule string) { t.Errorf("%s: %s", field, rule) }
		o := drawOpportunity(t)
		if got := opportunityOf(sentOver(t, opportunityProto(&o, 1)), report); !reflect.DeepEqual(got, o) {
			t.Errorf("got %+v, want %+v", got, o)
		}
		s := drawStudent(t)
		if got := studentOf(sentOver(t, studentProto(s, 1)), report); !reflect.DeepEqual(got, s) {
			t.Errorf("got %+v, want %+v", got, s)
		}
		p := matcher.Partner{
			ID: ids.Draw(t, "id"), Name: ids.Draw(t, "name"), Region: ids.Draw(t, "region"), Goals: lists.Draw(t, "goals"),
			Kind: rapid.SampledFrom(matcher.PartnerKinds).Draw(t, "kind"), MaxSeats: optionalOf(t, integers, "max_seats"),
		}
		if got := partnerOf(sentOver(t, partnerProto(&p, 1)), report); !reflect.DeepEqual(got, p) {
			t.Errorf("got %+v, want %+v", got, p)
		}
		tag := matcher.Tag{
			ID: ids.Draw(t, "id"), Label: ids.Draw(t, "label"), Parent: ids.Draw(t, "parent"),
			Importance: rapid.Float64Range(0.001, 10).Draw(t, "importance"), Synonyms: lists.Draw(t, "synonyms"),
		}
		if got := tagOf(sentOver(t, tagProto(&tag, 1))); !reflect.DeepEqual(got, tag) {
			t.Errorf("got %+v, want %+v", got, tag)
		}
	})
}

func TestAProfileIsAStudentWithoutAnID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStudent(t)
		row := studentProto(s, 1)
		b, err := proto.Marshal(&kindredv1.Profile{
			Grade: row.GetGrade(), School: row.GetSchool(), Region: row.GetRegion(), Age: row.Age, Slots: row.GetSlots(),
			Credentials: row.GetCredentials(), Latitude: row.Latitude, Longitude: row.Longitude, MaxKm: row.MaxKm,
			Groups: row.GetGroups(), Interests: row.GetInterests(),
		})
		if err != nil {
			t.Fatal(err)
		}
		profile := &kindredv1.Profile{}
		if err := proto.Unmarshal(b, profile); err != nil {
			t.Fatal(err)
		}
		s.ID = ""
		got := profileOf(profile, func(field, rule string) { t.Errorf("%s: %s", field, rule) })
		if !reflect.DeepEqual(got, s) {
			t.Errorf("got %+v, want %+v", got, s)
		}
	})
}

func TestDefaultsOfWhatIsNotSaid(t *testing.T) {
	o := opportunityOf(&kindredv1.Opportunity{Opportunity: "o"}, func(field, rule string) { t.Errorf("%s: %s", field, rule) })
	want := matcher.Opportunity{ID: "o", Seats: 1, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, want %+v", o, want)
	}
	if tag := tagOf(&kindredv1.Tag{Tag: "t"}); tag.Importance != 1 {
		t.Errorf("the importance is %v, want 1", tag.Importance)
	}
}

func TestMalformedFieldsAreReportedByName(t *testing.T) {
	opportunity := func(o *kindredv1.Opportunity) func(*violations) {
		return func(v *violations) {
			o.Opportunity = "o"
			parsed := opportunityOf(o, v.under("opportunity"))
			parsed.Check(nil, v.under("opportunity"))
		}
	}
	student := func(s *kindredv1.Student) func(*violations) {
		return func(v *violations) {
			s.Student = "s"
			studentOf(s, v.under("student")).Check(nil, v.under("student"))
		}
	}
	settings := func(s *kindredv1.Settings) func(*violations) {
		return func(v *violations) { settingsOf(s, v.under("settings")) }
	}
	for field, check := range map[string]func(*violations){
		"opportunity.seats":      opportunity(&kindredv1.Opportunity{Seats: new(int32(-1))}),
		"opportunity.kind":       opportunity(&kindredv1.Opportunity{Kind: 99}),
		"opportunity.status":     opportunity(&kindredv1.Opportunity{Status: 99}),
		"opportunity.min_policy": opportunity(&kindredv1.Opportunity{MinPolicy: 99}),
		"opportunity.opens":      opportunity(&kindredv1.Opportunity{Opens: "2026-02-30"}),
		"opportunity.closes":     opportunity(&kindredv1.Opportunity{Closes: "tomorrow"}),
		"opportunity.latitude":   opportunity(&kindredv1.Opportunity{Longitude: new(1.0)}),
		"opportunity.longitude":  opportunity(&kindredv1.Opportunity{Latitude: new(1.0)}),
		"opportunity.boost":      opportunity(&kindredv1.Opportunity{Boost: new(math.NaN())}),
		"opportunity.tags":       opportunity(&kindredv1.Opportunity{Tags: map[string]float64{"a": 0.00001, "b": 2}}),
		"student.interests":      student(&kindredv1.Student{Interests: map[string]float64{"a": math.NaN()}}),
		"student.groups":         student(&kindredv1.Student{Groups: []string{"school"}}),
		"student.max_km":         student(&kindredv1.Student{MaxKm: new(-1.0)}),
		"student.age":            student(&kindredv1.Student{Age: new(int32(-1))}),

		"settings.ancestor_decay": settings(&kindredv1.Settings{AncestorDecay: new(1.5)}),
		"settings.measures":       settings(&kindredv1.Settings{Measures: []kindredv1.Measure{1, 2, 1}}),
		"settings.time_zone":      settings(&kindredv1.Settings{TimeZone: "Local"}),
		"settings.retention_days": settings(&kindredv1.Settings{RetentionDays: -1}),
	} {
		var v violations
		check(&v)
		if v.count != 1 || v.list[0].field != field {
			t.Errorf("%s: got %+v", field, v.list)
		}
	}
}
