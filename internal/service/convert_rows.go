package service

import (
	"fmt"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// rowsOf is how the API and the store have one kind of rows.
type rowsOf[P, T any] struct {
	kind store.RowKind
	// key turns a row's key, and reports what is wrong with it; parse turns all
	// of the row.
	key, parse func(row P, report matcher.Report) T
	render     func(*T) P
	// in is the place of the kind in the store's rows.
	in func(*store.Rows) *[]T
}

var preferenceRows = rowsOf[*kindredv1.Preference, place.Preference]{
	kind: store.RowPreferences,
	key: func(p *kindredv1.Preference, report matcher.Report) place.Preference {
		checkPair(p, report)
		return place.Preference{Student: p.GetStudent(), Opportunity: p.GetOpportunity()}
	},
	parse: func(p *kindredv1.Preference, report matcher.Report) place.Preference {
		checkPair(p, report)
		checkRank(p.GetRank(), "rank", report)
		return place.Preference{Student: p.GetStudent(), Opportunity: p.GetOpportunity(), Rank: p.GetRank()}
	},
	render: func(p *place.Preference) *kindredv1.Preference {
		return &kindredv1.Preference{Student: p.Student, Opportunity: p.Opportunity, Rank: p.Rank}
	},
	in: func(r *store.Rows) *[]place.Preference { return &r.Preferences },
}

var scoreRows = rowsOf[*kindredv1.Score, place.Score]{
	kind: store.RowScores,
	key: func(p *kindredv1.Score, report matcher.Report) place.Score {
		checkPair(p, report)
		return place.Score{Student: p.GetStudent(), Opportunity: p.GetOpportunity()}
	},
	parse: func(p *kindredv1.Score, report matcher.Report) place.Score {
		checkPair(p, report)
		if !(p.GetScore() > 0 && p.GetScore() <= 1) {
			report("score", "must be a number in (0, 1]")
		}
		return place.Score{Student: p.GetStudent(), Opportunity: p.GetOpportunity(), Score: p.GetScore()}
	},
	render: func(p *place.Score) *kindredv1.Score {
		return &kindredv1.Score{Student: p.Student, Opportunity: p.Opportunity, Score: p.Score}
	},
	in: func(r *store.Rows) *[]place.Score { return &r.Scores },
}

var priorityRows = rowsOf[*kindredv1.Priority, place.Priority]{
	kind: store.RowPriorities,
	key: func(p *kindredv1.Priority, report matcher.Report) place.Priority {
		checkPair(p, report)
		return place.Priority{Opportunity: p.GetOpportunity(), Student: p.GetStudent()}
	},
	parse: func(p *kindredv1.Priority, report matcher.Report) place.Priority {
		checkPair(p, report)
		checkRank(p.GetTier(), "tier", report)
		return place.Priority{Opportunity: p.GetOpportunity(), Student: p.GetStudent(), Tier: p.GetTier()}
	},
	render: func(p *place.Priority) *kindredv1.Priority {
		return &kindredv1.Priority{Opportunity: p.Opportunity, Student: p.Student, Tier: p.Tier}
	},
	in: func(r *store.Rows) *[]place.Priority { return &r.Priorities },
}

var lockRows = rowsOf[*kindredv1.Lock, place.Lock]{
	kind: store.RowLocks,
	key: func(p *kindredv1.Lock, report matcher.Report) place.Lock {
		checkPair(p, report)
		return place.Lock{Student: p.GetStudent(), Opportunity: p.GetOpportunity()}
	},
	parse: func(p *kindredv1.Lock, report matcher.Report) place.Lock {
		checkPair(p, report)
		if p.GetAction() == kindredv1.LockAction_LOCK_ACTION_UNSPECIFIED {
			report("action", ruleGiven)
		}
		if len(p.GetReason()) > matcher.MaxTextBytes {
			report("reason", fmt.Sprintf("must be at most %d bytes", matcher.MaxTextBytes))
		}
		return place.Lock{
			Student:     p.GetStudent(),
			Opportunity: p.GetOpportunity(),
			Action:      lockActions.domain(p.GetAction(), "action", report),
			Reason:      p.GetReason(),
		}
	},
	render: func(p *place.Lock) *kindredv1.Lock {
		return &kindredv1.Lock{
			Student:     p.Student,
			Opportunity: p.Opportunity,
			Action:      kindredv1.LockAction(lockActions.number(p.Action)),
			Reason:      p.Reason,
		}
	},
	in: func(r *store.Rows) *[]place.Lock { return &r.Locks },
}

var reserveRows = rowsOf[*kindredv1.Reserve, place.Reserve]{
	kind: store.RowReserves,
	key:  reserveKey,
	parse: func(p *kindredv1.Reserve, report matcher.Report) place.Reserve {
		r := reserveKey(p, report)
		if r.Seats = p.GetSeats(); r.Seats < 0 || r.Seats > matcher.MaxInteger {
			report("seats", ruleInteger)
		}
		return r
	},
	render: func(p *place.Reserve) *kindredv1.Reserve {
		return &kindredv1.Reserve{Opportunity: p.Opportunity, Group: groupProto(p.Group), Seats: p.Seats}
	},
	in: func(r *store.Rows) *[]place.Reserve { return &r.Reserves },
}

func reserveKey(p *kindredv1.Reserve, report matcher.Report) place.Reserve {
	if !matcher.ValidID(p.GetOpportunity()) {
		report("opportunity", ruleID)
	}
	group, ok := groupOf(p.GetGroup())
	if !ok {
		report("group", ruleGroup)
	}
	return place.Reserve{Opportunity: p.GetOpportunity(), Group: group}
}

var standingRows = rowsOf[*kindredv1.StandingPlacement, place.Standing]{
	kind:  store.RowStanding,
	key:   standingOf,
	parse: standingOf,
	render: func(p *place.Standing) *kindredv1.StandingPlacement {
		return &kindredv1.StandingPlacement{Student: p.Student, Opportunity: p.Opportunity}
	},
	in: func(r *store.Rows) *[]place.Standing { return &r.Standing },
}

func standingOf(p *kindredv1.StandingPlacement, report matcher.Report) place.Standing {
	checkPair(p, report)
	return place.Standing{Student: p.GetStudent(), Opportunity: p.GetOpportunity()}
}

func checkPair(p interface {
	GetStudent() string
	GetOpportunity() string
}, report matcher.Report,
) {
	if !matcher.ValidID(p.GetStudent()) {
		report("student", ruleID)
	}
	if !matcher.ValidID(p.GetOpportunity()) {
		report("opportunity", ruleID)
	}
}

func checkRank(n int32, field string, report matcher.Report) {
	if n < 1 || n > place.MaxRank {
		report(field, "must be an integer from 1 to 1,000,000")
	}
}
