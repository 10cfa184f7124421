package placement

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
)

// The words of explanations are for parents: no codes, no terms of algorithms.

func (e *explaining) studentText(reason place.Reason) string {
	switch reason {
	case place.Placed:
		return e.placedText()
	case place.NoCandidates:
		return "Not placed: no opportunity shares an interest with the student."
	case place.AllIneligible:
		return "Not placed: nothing that the student asked for, or that fits its interests, is open to it."
	case place.Outcompeted:
		return "Not placed: everything on the student's list was taken by students who come before it."
	default:
		return "Not placed: the placement that is best for all students together has no seat left for this one."
	}
}

func (e *explaining) placedText() string {
	text := "Placed at " + e.name(e.f.At[e.s])
	switch e.f.How[e.s] {
	case place.Locked:
		text += ", as the coordinator decided"
		for _, l := range e.c.Rows.Locks {
			if l.Action == place.Place && l.Student == e.c.Students[e.row].ID && l.Reason != "" {
				text += ": " + l.Reason
			}
		}
	case place.Kept:
		text += ", the placement that the student had before"
	case place.Filled:
		text += ", on a seat that was still free at the end"
	default:
		text += fmt.Sprintf(", "+e.choice(), e.c.Problem.Lists.Rank[e.f.Entry[e.s]])
	}
	return text + "."
}

// choice are the words, with a place for the rank, for an entry of the student's
// list.
func (e *explaining) choice() string {
	if e.c.source(e.row) == FromPreferences {
		return "choice %d of the student's list"
	}
	return "number %d on the list of what suits the student"
}

// pairText says why a student is, or isn't, at an opportunity.
func (e *explaining) pairText(a *Answer, reason place.Reason, o int32) string {
	if len(a.Failures) > 0 && reason == place.NotListed {
		words := make([]string, len(a.Failures))
		for i, code := range a.Failures {
			words[i] = code.Reason()
		}
		return "Not possible: " + strings.Join(words, "; ") + "."
	}
	switch reason {
	case place.Placed:
		return e.placedText()
	case place.NotListed:
		return e.notListedText()
	case place.PlacedHigher:
		return "The student got what stands higher on the list."
	case place.CancelledMin:
		return e.cancelledText(a.Opportunity)
	case place.LockedOut:
		return e.lockedText()
	case place.BelowCutoff:
		return seatsText(e.c.Problem.Seats[o]) + comparison(a) + "."
	case place.ReserveFull:
		return "The seats that are open to the student are taken, the rest is kept for groups" + comparison(a) + "."
	case place.PartnerFull:
		return fmt.Sprintf("There are seats, but its partner takes no more than %s%s.",
			students(int64(e.c.Problem.Caps[e.c.Problem.Partner[o]])), comparison(a))
	default:
		return e.tradedText(o)
	}
}

// lockedText says who settled beforehand that the student doesn't have it.
func (e *explaining) lockedText() string {
	p := e.c.Problem
	if p.Locked[e.s] >= 0 || e.c.options.Keep == place.Freeze && p.Standing[e.s] >= 0 {
		return "It was settled before that the student has a place elsewhere."
	}
	return "It was settled before that its seats are kept for others."
}

// tradedText says of a run that is the best for all together that the student
// doesn't have an opportunity.
func (e *explaining) tradedText(o int32) string {
	switch {
	case e.f.Placed[o] == e.c.Problem.Seats[o]:
		return "Its seats went to others, so that the placement is the best one for all students together."
	case e.f.At[e.s] < 0:
		return "A seat is free, but the placement that is best for all students together does not have this one here."
	default:
		return "A seat is free, but the placement that is best for all students together has this one elsewhere."
	}
}

func seatsText(n int32) string {
	if n == 1 {
		return "The only seat went to a student who comes before this one"
	}
	return fmt.Sprintf("All %d seats went to students who come before this one", n)
}

func (e *explaining) notListedText() string {
	switch {
	case len(e.c.preferences.of(e.row)) > 0:
		return "The student did not ask for it."
	case len(e.c.scores.of(e.row)) > 0:
		return "There is no score for the student here, and only scored opportunities are on its list."
	default:
		return fmt.Sprintf("It is not among the first %d that fit the student's interests.", e.c.options.Ranking.K)
	}
}

func (e *explaining) cancelledText(opportunity string) string {
	for _, c := range e.f.Certificate.Cancelled {
		if c.Opportunity == opportunity {
			return fmt.Sprintf("It was cancelled: it needs at least %d students, and %d would have come.", c.Minimum, c.Placed)
		}
	}
	return "It was cancelled."
}

// comparison sets the student beside the last one who was taken, unless that one
// comes after it: a seat that is reserved for the other's group tells nothing.
func comparison(a *Answer) string {
	own, last := a.Own, a.Cutoff
	switch {
	case own == nil || last == nil || own.before(last):
		return ""
	case own.Tier != last.Tier:
		return fmt.Sprintf(": the last one taken is %s, this one is %s", tierText(last.Tier), tierText(own.Tier))
	case own.Score != last.Score:
		return fmt.Sprintf(": the last one taken has the score %s, this one %s", last.Score, own.Score)
	default:
		return fmt.Sprintf(": the last one taken has place %d in the lottery, this one place %d", last.Lottery, own.Lottery)
	}
}

// before reports whether a is the higher priority. Tier 0 comes after all.
func (a *Standing) before(b *Standing) bool {
	if a.Tier != b.Tier {
		return a.Tier != 0 && (b.Tier == 0 || a.Tier < b.Tier)
	}
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Lottery, b.Lottery)) < 0
}

func tierText(tier int32) string {
	if tier == 0 {
		return "without a priority"
	}
	return fmt.Sprintf("of priority %d", tier)
}

// tradeoffText says what the placement of all would lose.
func tradeoffText(losses []place.Loss) string {
	if len(losses) == 0 {
		return "Another placement, with the student here, would have been as good for all; the order of the lottery decided."
	}
	// The first one decides; that the others may gain is no comfort.
	l := losses[0]
	text := "With the student here, "
	switch l.Measure {
	case place.CountPlaced:
		return text + fmt.Sprintf("%s fewer would be placed in all.", students(l.Loss))
	case place.SumWeights:
		return text + fmt.Sprintf("the scores of all students would add up to %s less.", scoreOf(l.Loss))
	case place.SumRanks:
		places := "places"
		if l.Loss == 1 {
			places = "place"
		}
		return text + fmt.Sprintf("all students together would stand %d %s lower on their lists.", l.Loss, places)
	case place.AtRank:
		return text + fmt.Sprintf("%s fewer would get choice %d of their lists.", students(l.Loss), l.Rank)
	case place.NotRank:
		return text + fmt.Sprintf("%s more would get choice %d of their lists, or a later one.", students(l.Loss), l.Rank)
	case place.LowestWeight:
		return text + fmt.Sprintf("the lowest score of all students would be %s lower.", scoreOf(l.Loss))
	default:
		return text + fmt.Sprintf("%s more would have to leave the placement they had before.", students(l.Loss))
	}
}

// Aim says in words what a placement by an objective is the best of.
func Aim(of place.Objective) string { return aims[of] }

var aims = map[place.Objective]string{
	place.Stable:    "nobody could have something better without taking it from a student who comes before",
	place.Welfare:   "the scores of all students add up to as much as they can",
	place.MaxPlaced: "as many students as can be are placed, then their scores add up to as much as they can",
	place.MinRank:   "as many students as can be are placed, then they stand as high on their lists as they can, all together",
	place.Greedy:    "as many students as can be are placed, then as many as can be at their first choice, then at their second, and so on",
	place.Generous:  "as many students as can be are placed, then as few as can be at the last of choices, then at the last but one, and so on",
	place.Maximin:   "as many students as can be are placed, then the lowest score is as high as it can be, then all add up to as much as they can",
	place.Serial:    "each student, in the order of the lottery, takes the best of its list that is still free",
}

// moreText says what one more seat at an opportunity would change, if the student
// were then at another.
func (e *explaining) moreText(more *OneMoreSeat, o, then int32) string {
	now, others := e.f.At[e.s], more.Moved
	if now != then {
		others-- // the student
	}
	text := "With one more seat here, "
	switch {
	case more.Moved == 0:
		return text + "nothing would change."
	case then == o:
		text += "the student would have it"
	case then == now && now < 0:
		text += "the student would still have no place"
	case then == now:
		text += "the placement of the student would be the same"
	case then < 0:
		text += "the student would have no place"
	default:
		text += "the student would be at " + e.name(then)
	}
	switch others {
	case 0:
		return text + "."
	case 1:
		return text + ", and the placement of 1 other student would change."
	default:
		return text + fmt.Sprintf(", and the placements of %d other students would change.", others)
	}
}

// name is the title of an opportunity, or its id.
func (e *explaining) name(o int32) string {
	return cmp.Or(e.c.opportunities[o].Title, e.c.Problem.Opportunities[o])
}

func students(n int64) string {
	if n == 1 {
		return "1 student"
	}
	return fmt.Sprintf("%d students", n)
}

func scoreOf(millionths int64) string { return runfolder.Micro(millionths).String() }
