package service

import (
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

const ruleGroup = "each group must be name=value, both 1 to 128 bytes of UTF-8 without control characters"

func studentOf(s *kindredv1.Student, report matcher.Report) *matcher.Student {
	return &matcher.Student{
		ID:          s.GetStudent(),
		Grade:       s.GetGrade(),
		School:      s.GetSchool(),
		Region:      s.GetRegion(),
		Age:         s.Age,
		Slots:       s.GetSlots(),
		Credentials: s.GetCredentials(),
		Position:    positionOf(s.Latitude, s.Longitude, report),
		MaxKm:       s.MaxKm,
		Groups:      groupsOf(s.GetGroups(), report),
		Interests:   weightedOf(s.GetInterests(), "interests", report),
	}
}

// profileOf is studentOf for a student who is given in line and has no id.
func profileOf(p *kindredv1.Profile, report matcher.Report) *matcher.Student {
	return &matcher.Student{
		Grade:       p.GetGrade(),
		School:      p.GetSchool(),
		Region:      p.GetRegion(),
		Age:         p.Age,
		Slots:       p.GetSlots(),
		Credentials: p.GetCredentials(),
		Position:    positionOf(p.Latitude, p.Longitude, report),
		MaxKm:       p.MaxKm,
		Groups:      groupsOf(p.GetGroups(), report),
		Interests:   weightedOf(p.GetInterests(), "interests", report),
	}
}

func studentProto(s *matcher.Student, r store.Revision) *kindredv1.Student {
	latitude, longitude := positionProto(s.Position)
	p := &kindredv1.Student{
		Student:     s.ID,
		Grade:       s.Grade,
		School:      s.School,
		Region:      s.Region,
		Age:         s.Age,
		Slots:       s.Slots,
		Credentials: s.Credentials,
		Latitude:    latitude,
		Longitude:   longitude,
		MaxKm:       s.MaxKm,
		Interests:   weightedProto(s.Interests),
		Etag:        etagOf(r),
	}
	for _, g := range s.Groups {
		p.Groups = append(p.Groups, groupProto(g))
	}
	return p
}

func studentRecordProto(r *store.StudentRecord) *kindredv1.Student {
	p := studentProto(&r.Student, r.Revision)
	p.WriteTime = timestamppb.New(r.Written)
	return p
}

func groupsOf(groups []string, report matcher.Report) []matcher.Group {
	if len(groups) == 0 {
		return nil
	}
	list := make([]matcher.Group, 0, len(groups))
	for _, s := range groups {
		g, ok := groupOf(s)
		if !ok {
			report("groups", ruleGroup)
			return nil
		}
		list = append(list, g)
	}
	return list
}

func groupOf(s string) (matcher.Group, bool) {
	name, value, ok := strings.Cut(s, "=")
	return matcher.Group{Name: name, Value: value}, ok && matcher.ValidID(name) && matcher.ValidID(value)
}

func groupProto(g matcher.Group) string { return g.Name + "=" + g.Value }
