// Package place is the semester placement: the rows that it starts from, the
// problem, the placement and its certificate. It is pure and deterministic.
package place

import "github.com/kindred-match/kindred/matcher"

// MaxRank bounds ranks and tiers, which start from 1.
const MaxRank = matcher.MaxInteger

// Preference is a student's own rank for an opportunity, 1 the best.
type Preference struct {
	Student, Opportunity string
	Rank                 int32
}

// Score is a pair's score in (0, 1] from elsewhere: a panel, another system.
type Score struct {
	Student, Opportunity string
	Score                float64
}

// Priority is a student's tier at an opportunity, 1 the best; one who is not
// listed comes after all who are.
type Priority struct {
	Opportunity, Student string
	Tier                 int32
}

// Action is what a lock does.
type Action string

// The actions of locks.
const (
	Place  Action = "place"
	Forbid Action = "forbid"
)

// Lock places a student at an opportunity, or forbids the pair.
type Lock struct {
	Student, Opportunity string
	Action               Action
	Reason               string
}

// Reserve keeps seats of an opportunity for a group of students.
type Reserve struct {
	Opportunity string
	Group       matcher.Group
	Seats       int32
}

// Standing is a placement that is in force before a run.
type Standing struct {
	Student, Opportunity string
}
