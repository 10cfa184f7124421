package matcher

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Report receives one finding: the field (named as in a district folder) and
// the rule that its value breaks. Rules never contain the value.
type Report func(field, rule string)

const (
	// MaxIDBytes is the length limit of every id.
	MaxIDBytes = 128
	// MaxInteger is the largest integer that input may hold.
	MaxInteger = 1_000_000
	// MaxAncestors is how deep below its root a tag may stand.
	MaxAncestors = 16
	// MaxTextBytes limits titles, names, labels and reasons.
	MaxTextBytes = 4096
	// MaxListItems limits every list of a row but its weighted tags.
	MaxListItems = 1000
)

const (
	ruleID      = "must be 1 to 128 bytes of UTF-8 without control characters"
	ruleTagID   = ruleID + ", ';' or '='"
	ruleInteger = "must be an integer from 0 to 1,000,000"
	rulePos     = "a position needs both latitude and longitude"
)

// ValidID reports whether s may be an id: 1 to 128 bytes of UTF-8 without
// control characters.
func ValidID(s string) bool {
	if len(s) == 0 || len(s) > MaxIDBytes {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return utf8.ValidString(s) && !hasControl(s)
		case c < 0x20 || c == 0x7f:
			return false
		}
	}
	return true // nearly all ids are ASCII
}

func hasControl(s string) bool {
	for _, r := range s {
		if r < 0x20 || (r >= 0x7f && r < 0xa0) {
			return true
		}
	}
	return false
}

// ValidTagID reports whether s may be the id or a synonym of a tag.
func ValidTagID(s string) bool {
	return ValidID(s) && strings.IndexByte(s, ';') < 0 && strings.IndexByte(s, '=') < 0
}

func checkID(report Report, field, id string) {
	if !ValidID(id) {
		report(field, ruleID)
	}
}

func checkOptionalID(report Report, field, id string) {
	if id != "" {
		checkID(report, field, id)
	}
}

func checkText(report Report, field, s string) {
	if len(s) > MaxTextBytes {
		report(field, fmt.Sprintf("must be at most %d bytes", MaxTextBytes))
	} else if !utf8.ValidString(s) {
		report(field, "must be UTF-8")
	}
}

func checkInteger(report Report, field string, n int32) {
	if n < 0 || n > MaxInteger {
		report(field, ruleInteger)
	}
}

func checkList(report Report, field string, items []string) {
	if len(items) > MaxListItems {
		report(field, fmt.Sprintf("must have at most %d items", MaxListItems))
		return
	}
	for _, item := range items {
		if !ValidID(item) {
			report(field, "each item "+ruleID)
			return
		}
	}
}

func checkPosition(report Report, p *Position) {
	if p == nil {
		return
	}
	if !(p.Latitude >= -90 && p.Latitude <= 90) {
		report("latitude", "must be a number from -90 to 90")
	}
	if !(p.Longitude >= -180 && p.Longitude <= 180) {
		report("longitude", "must be a number from -180 to 180")
	}
}

// checkOwnTags checks ids, weights and the number of distinct tags, synonyms
// counted as the tag they stand for when v is given.
func checkOwnTags(report Report, field string, v *Vocabulary, tags []Weighted) {
	for _, t := range tags {
		switch {
		case !ValidTagID(t.Tag):
			report(field, "each tag "+ruleTagID)
			return
		case t.Weight == 0 || t.Weight > One:
			report(field, "each weight "+ErrWeight.Error())
			return
		}
	}
	if len(tags) <= MaxOwnTags {
		return
	}
	seen := make(map[string]struct{}, len(tags))
	for _, t := range tags {
		name := t.Tag
		if v != nil {
			name = v.Canonical(name)
		}
		seen[name] = struct{}{}
	}
	if len(seen) > MaxOwnTags {
		report(field, fmt.Sprintf("must have at most %d tags", MaxOwnTags))
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
