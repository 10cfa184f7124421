package sqlstore

import (
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// A resource's contents are its own columns, in the order of their names here.
// A query for a record asks for the contents first, then for what the store adds.
const (
	tagContents     = `label, parent, importance, synonyms`
	tagWidth        = 4
	tagColumns      = `id, ` + tagContents + `, revision`
	partnerContents = `name, kind, region, max_seats, goals`
	partnerWidth    = 5
	partnerColumns  = `id, ` + partnerContents + `, revision, taken`

	opportunityContents = `partner, title, kind, term, seats, min_seats, min_policy, grades, regions, remote, ` +
		`slots, requires, min_age, latitude, longitude, opens, closes, goals, boost, status, tags`
	opportunityWidth = 21

	// opportunityColumns are fewer, since each costs SQLite about as much as all
	// that it holds: one text has all but what text would make inexact. The title
	// stands last in it, since it alone may hold the separator.
	opportunityColumns = `concat_ws('` + separator + `', id, coalesce(partner, ''), kind, term, seats, min_seats, min_policy, ` +
		`grades, regions, remote, slots, requires, coalesce(min_age, ''), opens, closes, goals, status, tags, ` +
		`revision, number, taken, title), latitude, longitude, boost`
	separator = "\x1f"

	studentContents = `grade, school, region, age, slots, credentials, latitude, longitude, max_km, groups, interests`
	studentColumns  = `id, ` + studentContents + `, revision, written`
)

func encodeTag(t *matcher.Tag) []any {
	return []any{t.Label, t.Parent, t.Importance, putList(t.Synonyms)}
}

func decodeTag(v *values) store.TagRecord {
	return store.TagRecord{
		Tag: matcher.Tag{
			ID: v.text(), Label: v.text(), Parent: v.text(), Importance: v.float(), Synonyms: v.list(),
		},
		Revision: store.Revision(v.uint64()),
	}
}

func encodePartner(p *matcher.Partner) []any {
	return []any{p.Name, string(p.Kind), p.Region, putOptionalInt32(p.MaxSeats), putList(p.Goals)}
}

func decodePartner(v *values) store.PartnerRecord {
	return store.PartnerRecord{
		Partner: matcher.Partner{
			ID: v.text(), Name: v.text(), Kind: matcher.PartnerKind(v.text()), Region: v.text(),
			MaxSeats: v.optionalInt32(), Goals: v.list(),
		},
		Revision: store.Revision(v.uint64()),
		Taken:    v.int32(),
	}
}

func encodeOpportunity(o *matcher.Opportunity) []any {
	latitude, longitude := putPosition(o.Position)
	return []any{
		putOptionalText(o.Partner), o.Title, string(o.Kind), o.Term, int64(o.Seats), int64(o.MinSeats), string(o.MinPolicy),
		putList(o.Grades), putList(o.Regions), putBool(o.Remote), putList(o.Slots), putList(o.Requires),
		putOptionalInt32(o.MinAge), latitude, longitude, int64(o.Opens), int64(o.Closes), putList(o.Goals),
		o.Boost, string(o.Status), putWeighted(o.Tags),
	}
}

func decodeOpportunity(v *values) store.OpportunityRecord {
	p := parts{of: v, rest: v.text()}
	r := store.OpportunityRecord{
		Opportunity: matcher.Opportunity{
			ID: p.text(), Partner: p.text(), Kind: matcher.OpportunityKind(p.text()), Term: p.text(),
			Seats: p.int32(), MinSeats: p.int32(), MinPolicy: matcher.MinPolicy(p.text()),
			Grades: p.list(), Regions: p.list(), Remote: p.int64() != 0, Slots: p.list(), Requires: p.list(),
			MinAge: p.optionalInt32(), Opens: matcher.Date(p.int32()), Closes: matcher.Date(p.int32()), Goals: p.list(),
			Status: matcher.Status(p.text()), Tags: p.weighted(),
		},
		Revision: store.Revision(p.int64()),
		Number:   uint32(p.int64()),
		Taken:    p.int32(),
	}
	r.Title, r.Position, r.Boost = p.rest, v.position(), v.float()
	return r
}

func encodeStudent(s *matcher.Student) []any {
	latitude, longitude := putPosition(s.Position)
	return []any{
		s.Grade, s.School, s.Region, putOptionalInt32(s.Age), putList(s.Slots), putList(s.Credentials),
		latitude, longitude, putOptionalFloat(s.MaxKm), putGroups(s.Groups), putWeighted(s.Interests),
	}
}

func decodeStudent(v *values) store.StudentRecord {
	return store.StudentRecord{
		Student: matcher.Student{
			ID: v.text(), Grade: v.text(), School: v.text(), Region: v.text(), Age: v.optionalInt32(),
			Slots: v.list(), Credentials: v.list(), Position: v.position(), MaxKm: v.optionalFloat(),
			Groups: v.groups(), Interests: v.weighted(),
		},
		Revision: store.Revision(v.uint64()),
		Written:  v.time(),
	}
}

func encodeSettings(s store.Settings) []any {
	measures := make([]string, len(s.Measures))
	for i, m := range s.Measures {
		measures[i] = string(m)
	}
	return []any{int64(s.AncestorDecay), putBool(s.IDF), putList(measures), s.TimeZone, int64(s.RetentionDays)}
}

func decodeSettings(v *values) store.Settings {
	s := store.Settings{AncestorDecay: matcher.Weight(v.int32()), IDF: v.bool()}
	for _, m := range v.list() {
		s.Measures = append(s.Measures, matcher.Measure(m))
	}
	s.TimeZone, s.RetentionDays = v.text(), v.int32()
	s.Revision = store.Revision(v.uint64())
	return s
}

// numbered is statistics with their version.
type numbered struct {
	matcher.Statistics
	version uint64
}

func encodeFrequency(tags []string, frequency map[string]int64) any {
	var b strings.Builder
	for i, t := range tags {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(t)
		b.WriteByte('=')
		b.WriteString(strconv.FormatInt(frequency[t], 10))
	}
	return b.String()
}

func decodeStatistics(v *values) numbered {
	n := numbered{version: v.uint64(), Statistics: matcher.Statistics{Published: v.int64()}}
	items := v.list()
	n.Frequency = make(map[string]int64, len(items))
	for _, item := range items {
		tag, count, _ := strings.Cut(item, "=")
		c, err := strconv.ParseInt(count, 10, 64)
		if err != nil && v.err == nil {
			v.err = errColumn
		}
		n.Frequency[tag] = c
	}
	return n
}
