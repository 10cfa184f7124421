package district

import (
	"fmt"
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

const (
	ruleUTF8       = "must be UTF-8"
	ruleCarriage   = "has a carriage return that no line feed follows; lines must end in a line feed, or in both"
	ruleString     = "must be a string"
	ruleArray      = "must be an array of strings"
	ruleWeights    = "must be an object of tags and their weights, each tag once, or an array of tags"
	ruleFlag       = "must be true or false"
	ruleTwice      = "is there twice"
	ruleFromOne    = "must be an integer from 1 to 1,000,000"
	ruleInteger    = "must be an integer from 0 to 1,000,000"
	ruleScore      = "must be a decimal in (0, 1]"
	ruleGroup      = "must be name=value, both 1 to 128 bytes of UTF-8 without control characters"
	rulePosition   = "a position needs both latitude and longitude"
	ruleAction     = "must be " + string(place.Place) + " or " + string(place.Forbid)
	ruleListedOnce = "is listed twice"
	ruleRank       = "a student may not have two equal ranks"
	rulePlaced     = "a student may not have two placements"
	ruleLockedOnce = "a student has at most one lock that places it"
	ruleLockSeats  = "there are more locks that place students than the opportunity has seats"
	ruleLockCap    = "there are more locks that place students than the partner's max_seats"
)

func ruleLockIneligible(codes []matcher.Code) string {
	names := make([]string, len(codes))
	for i, c := range codes {
		names[i] = string(c)
	}
	return "the student is not eligible for the opportunity: " + strings.Join(names, ", ")
}

func ruleUnknown(t *table, name string) string {
	for _, c := range t.columns {
		if strings.EqualFold(c.name, name) {
			return "is no column of " + string(t.file) + " and is ignored; did you mean " + c.name + "?"
		}
	}
	return "is no column of " + string(t.file) + " and is ignored"
}

func rulePersonal(word string) string {
	return "is refused, as it may identify a person (" + word + "): students are known by an opaque key only; remove the column"
}

func ruleListed(f File) string { return "must be listed in " + string(f) }

func ruleReason() string { return fmt.Sprintf("must be at most %d bytes", matcher.MaxTextBytes) }

func rulePairTwice(t *table) string {
	return "the same " + t.columns[rowFirst].name + " and " + t.columns[rowSecond].name + " may not be listed twice"
}

// onLine adds where the other of two rows is.
func onLine(rule string, line int32) string { return fmt.Sprintf("%s; see line %d", rule, line) }
