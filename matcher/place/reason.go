package place

// Reason says why a student is, or isn't, placed at an opportunity. Rules of
// eligibility have codes of their own (matcher.Code).
type Reason string

// The reasons for a pair, in the order in which they are looked at.
const (
	// Placed: the student has it.
	Placed Reason = "PLACED"
	// NotListed: it is not on the student's list.
	NotListed Reason = "NOT_LISTED"
	// PlacedHigher: the student got one that it likes better.
	PlacedHigher Reason = "PLACED_HIGHER"
	// CancelledMin: it was cancelled, as it did not reach its minimum.
	CancelledMin Reason = "CANCELLED_MIN"
	// LockedOut: a lock, or a standing placement that had to be kept, places the
	// student elsewhere or takes all the seats.
	LockedOut Reason = "LOCKED_OUT"
	// BelowCutoff: all seats went to students of higher priority.
	BelowCutoff Reason = "BELOW_CUTOFF"
	// ReserveFull: what the student's priority was not enough for is held by
	// groups that seats are reserved for.
	ReserveFull Reason = "RESERVE_FULL"
	// PartnerFull: there are seats, but the partner takes no more students.
	PartnerFull Reason = "PARTNER_FULL"
	// Tradeoff: with it the sum over all students would have been smaller.
	Tradeoff Reason = "TRADEOFF"
)

// The reasons for a student without a placement.
const (
	// NoCandidates: nothing matches its interests.
	NoCandidates Reason = "NO_CANDIDATES"
	// AllIneligible: what it asked for, or could have had, is not eligible.
	AllIneligible Reason = "ALL_INELIGIBLE"
	// Outcompeted: everything on its list went to students of higher priority.
	Outcompeted Reason = "OUTCOMPETED"
)
