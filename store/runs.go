package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"time"
)

// Runs keeps semester runs of districts: what a run started from, what its
// steps left, and the draft that it ends with. The store knows the states and
// keeps bytes; what is in them is the caller's.
//
//	queued -> running -> draft -> published
//	queued, running -> failed, cancelled
//	draft, failed, cancelled -> discarded
//
// While a run is running it is at one of the steps. Its snapshot is all that it
// looks at: the catalogue in parts, and one value for each student, so that a
// student can be erased. A run that has failed, or was cancelled or discarded,
// keeps its record alone; a draft and a published run also keep the snapshot,
// the documents and a row for each student.
//
// Large writes (KeepSnapshot, FinishRun, and what removes a run's contents) are
// carried out in many small transactions, so that other writes get in between;
// the last one changes the state or the step. One that was stopped in between
// has no effect that a reader sees, and may simply be repeated. Contents that are
// no longer kept are gone for readers at once; the store removes them by and by,
// also after a crash, and those of a student before its erasure is acknowledged.
//
// ErrNotFound: no such district or run. ErrConflict: the run is in another state, or
// at another step, than the call is for; read the run to see why. After a
// student's erasure it is failed, say.
type Runs interface {
	// CreateRun keeps a new run, queued. Where several errors hold, the first of:
	//   *Violation: the id, a UUID of the caller's, or the options are malformed;
	//   ErrNotFound: no such district; ErrConflict: there is a run of that id.
	CreateRun(ctx context.Context, district string, req Request, r NewRun) (Receipt, error)
	// Run returns one run.
	Run(ctx context.Context, district, id string) (*Run, error)
	// ListRuns returns runs, the newest first: those made before the run of the
	// id before (empty: all), at most limit. ErrNotFound: no such district, or no run before.
	ListRuns(ctx context.Context, district, before string, limit int) ([]Run, error)
	// UnfinishedRuns lists the queued and running runs of all districts in the
	// order of their creation.
	UnfinishedRuns(ctx context.Context) ([]RunKey, error)

	// RunInput reads all that a run starts from in one transaction. Reservations
	// that have expired at now don't count in Reserved.
	RunInput(ctx context.Context, district string, now time.Time) (*RunInput, error)

	// StartRun makes a queued run running, at the first step, and counts the
	// start of one that is running already. It returns the run as it then is.
	StartRun(ctx context.Context, district, id string, now time.Time) (*Run, error)
	// KeepSnapshot keeps the snapshot of a run at StepSnapshot, in place of one
	// that was kept in part, and brings it to the next step. The students must
	// come in byte order of ids, each once. ErrErased: a student was erased since
	// the input was read; read it anew.
	KeepSnapshot(ctx context.Context, district, id string, s Snapshot, next Step) error
	// KeepParts keeps parts of a run at the step, each over the one of its number,
	// and brings it to the next step unless that is empty, all in one transaction.
	// The store works out their sums.
	KeepParts(ctx context.Context, district, id string, step Step, parts []Part, next Step) error
	// RunParts returns the parts of a step with numbers beyond after, in the order
	// of numbers, at most limit. They are as kept: see Part.Intact.
	RunParts(ctx context.Context, district, id string, step Step, after, limit int) ([]Part, error)
	// RunStudents returns what the snapshot has of the students that follow the
	// id after, in byte order of ids, at most limit.
	RunStudents(ctx context.Context, district, id, after string, limit int) ([]RunStudent, error)
	// FinishRun makes a running run a draft, and removes the parts of all steps but
	// the snapshot's. The rows must come in byte order of students, each once.
	FinishRun(ctx context.Context, district, id string, d Draft) error
	// FailRun makes a queued or running run a failed one, and removes its
	// contents. The message says why, what to do, and nothing of a student.
	FailRun(ctx context.Context, district, id, message string, now time.Time) error
	// CancelRun makes a queued or running run a cancelled one, and removes its
	// contents. Cancelling again changes nothing.
	CancelRun(ctx context.Context, district string, req Request, id string) (Receipt, error)
	// DiscardRun makes a draft, or a failed or cancelled run, a discarded one,
	// and removes its contents. Discarding again changes nothing.
	DiscardRun(ctx context.Context, district string, req Request, id string) (Receipt, error)

	// RunDocument returns a document of a draft or published run. ErrNotFound: it
	// has none of that name.
	RunDocument(ctx context.Context, district, id, name string) ([]byte, error)
	// RunPlacements returns rows of a draft or published run: those that follow
	// the student after, in byte order of students, at most limit. Of a run in
	// another state there are none.
	RunPlacements(ctx context.Context, district, id, after string, limit int) ([]RunPlacement, error)
	// RunPlacement returns a student's row of a draft or published run.
	// ErrNotFound: the run hasn't the student.
	RunPlacement(ctx context.Context, district, id, student string) (*RunPlacement, error)

	// PublishRun puts the draft in force, in one transaction. Afterwards each
	// student that has a row is placed as the row says. A placement that is the
	// same already stays as it is; another one is given back, with a withdrawal that
	// names the run; a reservation of the student for the seat that it gets becomes
	// the placement. The students' rows of standing placements, which the run has
	// taken into account, are removed. Each opportunity at which entries changed has one
	// change in the log; the entries have the epoch of the last one as their
	// revision. Students without a row keep what they have.
	//
	// A draft that no longer fits changes nothing:
	//   ErrConflict: the run is no draft (it may be published already);
	//   *PublishError (ErrOutOfDate): placements of the run's students were
	//   made or given back after its snapshot, or seats that it gives are gone.
	PublishRun(ctx context.Context, district string, req Request, id string) (Receipt, error)
}

// RunState is a state of a run.
type RunState string

// The states.
const (
	RunQueued    RunState = "queued"
	RunRunning   RunState = "running"
	RunDraft     RunState = "draft"
	RunPublished RunState = "published"
	RunFailed    RunState = "failed"
	RunCancelled RunState = "cancelled"
	RunDiscarded RunState = "discarded"
)

// Unfinished says whether the run is yet to be carried out, or on its way.
func (s RunState) Unfinished() bool { return s == RunQueued || s == RunRunning }

// Step is a step of a running run.
type Step string

// The steps, in their order.
const (
	StepSnapshot Step = "snapshot"
	StepCheck    Step = "check"
	StepScore    Step = "score"
	StepPlace    Step = "place"
	StepVerify   Step = "verify"
)

// Steps lists the steps in their order.
var Steps = []Step{StepSnapshot, StepCheck, StepScore, StepPlace, StepVerify}

// MaxPartBytes is how large a part may be, so that keeping it doesn't hold up other
// writes for long.
const MaxPartBytes = 4 << 20

// NewRun is a run to be carried out.
type NewRun struct {
	ID      string
	Options []byte // at most MaxPartBytes
	Created time.Time
}

// Run is the record of a run. It has nothing of a student.
type Run struct {
	NewRun
	State   RunState
	Step    Step      // of a running run; else empty
	Changed time.Time // when it came to its state
	// Starts is how often StartRun has counted since a snapshot or parts were kept:
	// many mean that the run ends the process that carries it out.
	Starts  int
	Epoch   Epoch  // of the snapshot; 0 before there is one
	Message string // of a failed run: why
	Summary []byte // of a draft or published run
}

// RunKey names a run.
type RunKey struct{ District, ID string }

// RunInput is all that a run starts from. State is at the newest epoch, and
// the rest goes with it.
type RunInput struct {
	State
	Students []StudentRecord // in byte order of ids
	Rows     Rows            // each kind in the order of its key
	Placed   []Entry         // the ledger's placements, in byte order of students
	// Reserved counts live reservations by opportunity.
	Reserved map[string]int32
	// Erasures counts the students that were erased in the district so far.
	Erasures uint64
}

// Snapshot is what a run keeps of its input.
type Snapshot struct {
	Epoch    Epoch  // of the input
	Erasures uint64 // of the input
	// Parts are numbered from 1, and have nothing of a student.
	Parts    [][]byte
	Students iter.Seq[RunStudent]
}

// RunStudent is all that a run has of a student, as one value.
type RunStudent struct {
	ID      string
	Content []byte // at most MaxPartBytes
}

// Part is a part of what a step left. Number is from 1.
type Part struct {
	Number  int
	Sum     [sha256.Size]byte // SHA-256 of the content as it was kept
	Content []byte            // at most MaxPartBytes
}

// Intact says whether the content is what was kept. If not, the part is to be
// made again.
func (p *Part) Intact() bool { return sha256.Sum256(p.Content) == p.Sum }

// Draft is what a run ends with.
type Draft struct {
	Finished time.Time
	Summary  []byte // at most MaxPartBytes
	// Documents have nothing of a student.
	Documents []Document
	Rows      iter.Seq[RunPlacement]
}

// Document is a document of a run, by a name that is an id.
type Document struct {
	Name    string
	Content []byte // at most 512 MiB
}

// RunPlacement is a student's row in a draft.
type RunPlacement struct {
	Student     string
	Opportunity string // empty: the student isn't placed
	Number      uint32 // of the opportunity in the snapshot; 0 where there is none
	Rank        int32  // 0 is none
	Score       int32  // in millionths
	Reason      string // a code: why the student is not placed, or how it is
}

// PublishError says why a draft no longer fits: an ErrOutOfDate.
type PublishError struct {
	// Changed is how many of the run's students have had a placement made or
	// given back since its snapshot.
	Changed int
	// Lost are the seats that are gone, opportunities first, in byte order of ids.
	Lost []LostSeats
}

// LostSeats are seats that a draft gives and that are gone: of an opportunity,
// or of a partner under its cap.
type LostSeats struct {
	Opportunity, Partner string // one of them
	Why                  LossReason
	Seats                int32 // how many, of those that the draft newly gives
}

// LossReason is why seats are gone.
type LossReason string

// The reasons.
const (
	LostDeleted      LossReason = "deleted"       // the opportunity is gone, or is another one under its id
	LostNotPublished LossReason = "not published" // the opportunity is a draft or closed
	LostFull         LossReason = "full"          // taken by others, or fewer than there were
)

func (e *PublishError) Error() string {
	var seats int64
	for _, l := range e.Lost {
		seats += int64(l.Seats)
	}
	return fmt.Sprintf("%v: %d placements were changed since its snapshot, %d seats that it gives are gone (of %d opportunities or partners): create the run again",
		ErrOutOfDate, e.Changed, seats, len(e.Lost))
}

// Unwrap makes errors.Is(e, ErrOutOfDate) hold.
func (e *PublishError) Unwrap() error { return ErrOutOfDate }

// Placements are the placements of the ledger, of which a student has at most
// one, and what became of earlier ones.
type Placements interface {
	// CreatePlacement takes a seat and places the student there. The id is the
	// caller's, a UUID. Where several errors hold, the first of:
	//   *Violation: an id or the reason is malformed;
	//   ErrNotFound: no such student or opportunity;
	//   ErrConflict: an entry of the ledger has the id;
	//   ErrAlreadyPlaced: the student has a placement;
	//   ErrAlreadyHeld: the student has reserved a seat there: confirm it;
	//   ErrNotOffered: the opportunity isn't published;
	//   ErrFull: no seat left there or with its partner.
	CreatePlacement(ctx context.Context, district string, req Request, p NewPlacement) (Receipt, error)
	// WithdrawPlacement gives the seat of the student's placement back, and keeps
	// a withdrawal, so that no draft from before undoes it. A row of standing
	// placements of the same pair is removed. ErrNotFound: no such student, or it has no
	// placement. *Violation: the reason is malformed.
	WithdrawPlacement(ctx context.Context, district string, req Request, student, reason string) (Receipt, error)
	// Placement returns the student's placement. ErrNotFound: it has none.
	Placement(ctx context.Context, district, student string) (*Placement, error)
	// Placements returns the placements of students that follow the id after, in
	// byte order of students, at most limit.
	Placements(ctx context.Context, district, after string, limit int) ([]Placement, error)
	// Withdrawals returns what a student had and gave back, the oldest first.
	Withdrawals(ctx context.Context, district, student string) ([]Withdrawal, error)
}

// NewPlacement is a placement to be made. The reason is text of at most
// matcher.MaxTextBytes, as that of a lock.
type NewPlacement struct {
	ID                   string
	Student, Opportunity string
	Reason               string
}

// Placement is a placement with where it came from.
type Placement struct {
	Entry
	Run    string // that made it; empty: none
	Reason string // of CreatePlacement
}

// Withdrawal is a placement that was given back.
type Withdrawal struct {
	Opportunity string
	Epoch       Epoch
	Run         string // whose publishing did; empty: WithdrawPlacement
	Reason      string
}
