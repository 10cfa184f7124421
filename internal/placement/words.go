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
		return "Not placed: placing the student would have cost others more; see what each choice would cost."
	}
}

func (e *explaining) placedText() string {
	o := e.f.At[e.s]
	where := e.c.opportunities[o].Title
	if where == "" {
		where = e.c.Problem.Opportunities[o]
	}
	text := "Placed at " + where
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
		text += fmt.Sprintf(", choice %d of the student's list", e.c.Problem.Lists.Rank[e.f.Entry[e.s]])
	}
	return text + "."
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
		return "The student got a choice that stands higher on its list."
	case place.CancelledMin:
		return e.cancelledText(a.Opportunity)
	case place.LockedOut:
		return "It was settled before: the student has a place elsewhere, or the seats here belong to others."
	case place.BelowCutoff:
		return seatsText(e.c.Problem.Seats[o]) + comparison(a) + "."
	case place.ReserveFull:
		return "The seats that are open to the student are taken, the rest is kept for groups" + comparison(a) + "."
	case place.PartnerFull:
		return fmt.Sprintf("There are seats, but its partner takes no more than %d students%s.",
			e.c.Problem.Caps[e.c.Problem.Partner[o]], comparison(a))
	default:
		return "Its seats serve the placement of all better with others."
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
		return "Another placement with the student here would have been as good; the lottery decided."
	}
	// The first one decides; that the others may gain is no comfort.
	l := losses[0]
	switch l.Measure {
	case place.CountPlaced:
		return fmt.Sprintf("With the student here, %s fewer would be placed in all.", students(l.Loss))
	case place.SumWeights:
		return fmt.Sprintf("With the student here, the scores of all would add up to %s less.", scoreOf(l.Loss))
	case place.SumRanks:
		return fmt.Sprintf("With the student here, the choices of all would stand %d places lower on their lists, added up.", l.Loss)
	case place.AtRank:
		return fmt.Sprintf("With the student here, %s fewer would get choice %d.", students(l.Loss), l.Rank)
	case place.NotRank:
		return fmt.Sprintf("With the student here, %s more would get no better than choice %d.", students(l.Loss), l.Rank)
	case place.LowestWeight:
		return fmt.Sprintf("With the student here, the lowest score of all would be %s lower.", scoreOf(l.Loss))
	default:
		return fmt.Sprintf("With the student here, %s more would have to leave the placement they had before.", students(l.Loss))
	}
}

func students(n int64) string {
	if n == 1 {
		return "1 student"
	}
	return fmt.Sprintf("%d students", n)
}

func scoreOf(millionths int64) string { return runfolder.Micro(millionths).String() }
